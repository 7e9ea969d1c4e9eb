/** V8's `gc`, under the name that the zygote's flags give it: not the usual one, by which libraries look for it. */
export function collectGarbage(): void {
  (globalThis as { collectGarbageForFork?: () => void }).collectGarbageForFork?.();
}
