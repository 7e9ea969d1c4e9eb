/**
 * V8's `gc`, under the name that the zygote's flags give it: not the usual one, by which libraries look for it. As where memory
 * is short: until nothing more is freed.
 */
export function collectGarbage(): void {
  const { collectGarbageForFork } = globalThis as { collectGarbageForFork?: (how: object) => void };
  collectGarbageForFork?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
