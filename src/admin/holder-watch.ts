import { constants, openSync } from "node:fs";
import { native } from "../native.ts";

/**
 * Watches the process that runs a daemon by the lock that it holds, wherever the file is by then: its end is seen, and not
 * that it is about to end, and nobody else is taken for it.
 * @returns a function that tells whether it has ended
 */
export function watchHolder(path: string): () => boolean {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    return () => native.isLocked(fd) !== 1;
  } catch {
    return () => true; // the file is gone, or was never there
  }
}
