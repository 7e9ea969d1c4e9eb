import { setImmediate as pass } from "node:timers/promises";
import { errorCatalogue } from "../errors.ts";
import { describeErrno } from "../system-error.ts";

let isHeeded = false;

/** Writes to standard output. A reader who has seen enough, as `head` has, ends the command; so does a disk that is full. */
export function say(text: string): void {
  if (!isHeeded) process.stdout.on("error", end);
  isHeeded = true;
  process.stdout.write(text);
}

/** When all that was said is written, or it is known that it cannot be. */
export async function allSaid(): Promise<void> {
  if (!isHeeded) return;
  await new Promise((resolve) => process.stdout.write("", resolve));
  await pass(); // an error is told after the write
}

function end({ code, errno = 0 }: NodeJS.ErrnoException): never {
  if (code === "EPIPE") process.exit(0);
  const why = describeErrno(errno);
  process.stderr.write(`forkd: Standard output cannot be written to: ${why}. Mend that, or send it elsewhere.\n`);
  process.exit(errorCatalogue.FORKD_E_SYSTEM);
}
