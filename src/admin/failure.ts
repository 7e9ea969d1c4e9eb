import { ForkdError } from "../errors.ts";

/** How long a daemon that gets on may take for a sign of life, in ms. */
export const patience = 10_000;

/** Nobody takes what is said on the admin socket. */
export const gone = (name: string): ForkdError =>
  new ForkdError(
    "FORKD_E_NOT_RUNNING",
    `The daemon ${name} does not answer: it has ended, or is not ready yet. See: forkd list`,
  );

/** Somebody has the daemon's lock, and gives no sign of life. */
export const hung = (name: string, pid: number | undefined): ForkdError =>
  new ForkdError(
    "FORKD_E_HUNG",
    `The daemon ${name} has not answered for ${patience / 1000}s: its supervisor, pid ${pid ?? "unknown"}, is stopped or hangs. ` +
      `If it is stopped, "kill -CONT ${pid ?? "PID"}" lets it go on; "forkd stop ${name} --now" kills it, and all that it has.`,
  );

/** Somebody has the daemon's lock and listens, and its admin socket is not there. */
export const unreachable = (name: string, pid: number, socket: string): ForkdError =>
  new ForkdError(
    "FORKD_E_HUNG",
    `The daemon ${name} cannot be told anything: its admin socket ${socket} is gone; somebody must have removed it. ` +
      `"kill ${pid}" has it stop after its connections; "forkd stop ${name} --now" kills it, and all that it has.`,
  );

/** The pid file names a process that is not the one which holds its lock, as far as this one can see. */
export const notProven = (name: string, pid: number): ForkdError =>
  new ForkdError(
    "FORKD_E_HUNG",
    `The daemon ${name} does not answer, and is not killed: that pid ${pid} has its lock cannot be seen from here. Run the ` +
      "command where the daemon runs, in its container, as its user or as root.",
  );

/** What was killed has not ended. */
export const notEnded = (name: string, pids: readonly number[]): ForkdError =>
  new ForkdError(
    "FORKD_E_SYSTEM",
    `The daemon ${name} was killed, and has not ended ${patience / 1000}s later: pid ${pids.join(", ")}. The kernel holds ` +
      "a process that waits for a device (state D in ps), and process 1 of a container, which is ended from outside.",
  );
