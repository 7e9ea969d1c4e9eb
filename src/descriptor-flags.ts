import { readFileSync } from "node:fs";

/** What a descriptor of this process was opened with, as open(2) takes it: proc_pid_fdinfo(5) shows it in octal. */
export function descriptorFlags(fd: number | string): number {
  const [, octal = "0"] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
  return Number.parseInt(octal, 8);
}
