/** V8's `gc`, under the name that the zygote's flags give it: not the usual one, by which libraries look for it. */
const { collectGarbageForFork: collect } = globalThis as { collectGarbageForFork?: (what?: { type: "minor" }) => void };

export function collectAllGarbage(): void {
  collect?.();
}

/** Only what is young: of what is older, V8 would take compiled code for dead, and what it has learned for its next compilation. */
export function collectYoungGarbage(): void {
  collect?.({ type: "minor" });
}
