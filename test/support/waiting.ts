import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { native } from "../../dist/native.js";

/**
 * Whether a worker waits for a connection: it has heard of being a worker, and so catches the signal of its zygote's death,
 * and has SIGTERM let through, by the masks of proc_pid_status(5).
 */
export function isWaiting(pid: number): boolean {
  const status = statusOf(pid);
  const has = (field: string, signal: number): boolean => {
    const [, mask = "0"] = new RegExp(`^${field}:\\s+([0-9a-f]+)$`, "m").exec(status) ?? [];
    return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
  };
  return has("SigCgt", native.orphaned) && !has("SigBlk", constants.signals.SIGTERM);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}
