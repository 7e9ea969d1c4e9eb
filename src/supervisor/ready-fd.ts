import { closeSync, writeSync } from "node:fs";
import type { Logger } from "pino";
import { describeErrno } from "../system-error.ts";

/** One line for each address, and the end: whoever waits there need not know more. That nobody does is no reason not to serve. */
export function announceTo(fd: number, addresses: readonly string[], logger: Logger): void {
  try {
    try {
      writeSync(fd, addresses.map((address) => `${address}\n`).join(""));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    logger.warn(`nobody was told on --ready-fd ${fd} that the daemon is ready: ${describeErrno(errno)}`);
  }
}
