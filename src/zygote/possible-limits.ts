import { readFileSync } from "node:fs";
import { formatSize } from "../config/size.ts";
import type { Settings } from "../config/settings.ts";
import { ForkdError } from "../errors.ts";

const mebibyte = 2 ** 20;

/** What a worker needs beside that which it is forked with, so that it can serve at all: one was seen to do. */
const leastRoom = 4 * mebibyte;

/**
 * In the zygote before the first fork, and in a spawned worker before it loads the module: the kernel would let a process have less than it has, and refuse it all it asks for.
 *
 * @throws ForkdError `FORKD_E_OPTION`
 */
export function refuseImpossibleLimits(settings: Settings): void {
  const limit = settings["limits.memory"];
  const inherited = limit >= 0 ? memoryOfThisProcess() : 0;
  if (limit < 0 || limit >= inherited + leastRoom) return;
  throw new ForkdError(
    "FORKD_E_OPTION",
    `limits.memory must be ${inMebibytes(inherited + leastRoom)} or more, or "off"; received ${formatSize(limit)}. With this ` +
      `module, on Node ${process.version}, a worker has ${inMebibytes(inherited)} from the start, and needs some for itself.`,
  );
}

const inMebibytes = (bytes: number): string => `${Math.ceil(bytes / mebibyte)}MiB`;

/** What RLIMIT_DATA is held against: proc_pid_status(5). */
function memoryOfThisProcess(): number {
  const [, kibibytes = "0"] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}
