import { setTimeout as pass } from "node:timers/promises";

const pause = 50;

/**
 * Looks again and again until `look` finds something.
 * @param timeout - In ms; it holds though a look takes longer.
 * @returns what was found; undefined if time was up before
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, timeout = Infinity): Promise<T | undefined> {
  const until = performance.now() + timeout;
  for (;;) {
    const found = await (timeout === Infinity ? look() : Promise.race([look(), passing(until - performance.now())]));
    if (found !== undefined || performance.now() >= until) return found;
    await pass(pause);
  }
}

const passing = (ms: number): Promise<undefined> => pass(Math.max(0, ms), undefined, { ref: false });
