import { readFileSync } from "node:fs";

/** `R`, `S`, `T` if it is stopped, `Z` if it has ended and nobody has buried it; empty if it is gone: proc_pid_stat(5). */
export function stateOf(pid: number): string {
  try {
    return /.*\) (\w) /s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}
