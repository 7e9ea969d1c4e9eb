import { setTimeout as pass } from "node:timers/promises";

const pause = 50;

/**
 * Looks again and again until `look` finds something.
 * @param timeout - In ms.
 * @returns what was found; undefined if time was up before
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, timeout = Infinity): Promise<T | undefined> {
  const until = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() >= until) return found;
    await pass(pause);
  }
}
