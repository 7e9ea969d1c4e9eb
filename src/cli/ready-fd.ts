import { readdirSync, readlinkSync } from "node:fs";
import { readPassedSockets } from "../config/listen-fds.ts";
import { descriptorFlags } from "../descriptor-flags.ts";
import { ForkdError } from "../errors.ts";
import { leadsToFirstZygote } from "../supervisor/first-zygote.ts";

/** The descriptor that `--ready-fd` names. */
export function parseReadyFd(text: string): number {
  const fd = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  refuseListener(fd);
  if (fd >= 3 && isPassedForWriting(fd)) return fd;
  const received = `received ${JSON.stringify(text)}`;
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--ready-fd must be a descriptor from 3 up that is open for writing; ${received}. In a shell, "3>ready" opens descriptor 3.`,
  );
}

/** What looks like any socket is one of those that the daemon is to listen on. */
function refuseListener(fd: number): void {
  const { length } = readPassedSockets(process.env, process.pid).filter((socket) => socket.fd >= fd);
  if (fd < 3 || length === 0) return;
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--ready-fd must not be a socket that LISTEN_FDS passes; received "${fd}". The first descriptor behind them is ${fd + length}.`,
  );
}

/** What a caller passes is a file, a pipe or a socket, and writable; a pipe of which this process also reads is Node's. */
function isPassedForWriting(fd: number): boolean {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    return /^(\/|pipe:|socket:)/.test(target) && !isReadOnly(fd) && !isReadHere(target) && !leadsToFirstZygote(fd);
  } catch {
    return false;
  }
}

function isReadHere(target: string): boolean {
  if (!target.startsWith("pipe:")) return false;
  return readdirSync("/proc/self/fd").some((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === target && isReadOnly(name);
    } catch {
      return false; // the descriptor by which the folder was read
    }
  });
}

/** Of the lowest two bits neither is set: open(2), O_ACCMODE. */
const isReadOnly = (fd: number | string): boolean => (descriptorFlags(fd) & 0o3) === 0;
