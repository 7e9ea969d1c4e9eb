import { fstatSync } from "node:fs";
import { ForkdError } from "../errors.ts";

/** The descriptor that `--ready-fd` names. */
export function parseReadyFd(text: string): number {
  const fd = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (fd >= 3 && isWritableKind(fd)) return fd;
  const received = `received ${JSON.stringify(text)}`;
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--ready-fd must be an open descriptor from 3 up; ${received}. In a shell, "3>ready" opens descriptor 3.`,
  );
}

/** Node's own epoll and event descriptors, which have the low numbers nobody passed, are of none of these types. */
function isWritableKind(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket() || stats.isFile() || stats.isCharacterDevice();
  } catch {
    return false;
  }
}
