import { closeSync, writeSync } from "node:fs";

/** One line for each address, and the end: whoever waits there need not know more. */
export function announceTo(fd: number, addresses: readonly string[]): void {
  try {
    writeSync(fd, addresses.map((address) => `${address}\n`).join(""));
    closeSync(fd);
  } catch {
    // nobody waits there any more: no reason not to serve
  }
}
