import { setInterval } from "node:timers/promises";

const patience = 60_000;

/**
 * Waits until `look` finds something (anything but undefined and false), and answers that.
 *
 * @param what - What is waited for; a function, if it is to say how things are when patience has run out.
 */
export async function waitFor<T>(what: string | (() => string), look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const until = performance.now() + patience;
  for await (const _tick of setInterval(10)) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > until) break;
  }
  throw new Error(`waited ${patience / 1000}s in vain for ${typeof what === "string" ? what : what()}`);
}
