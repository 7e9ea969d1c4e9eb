import { formatDuration } from "../config/duration.ts";
import type { Settings } from "../config/settings.ts";
import { ForkdError } from "../errors.ts";
import type { Result } from "../native.ts";
import type { EndedWorker } from "../scoreboard/ended-worker.ts";
import { readTrialNote, wipeTrialNote } from "../scoreboard/trial-note.ts";
import { succeeded } from "../system-error.ts";
import type { Commission } from "./control.ts";
import { waitForTrial } from "./trial.ts";

/**
 * Finds out whether workers get ready, while another zygote still forks: one is bred on trial, does all that comes before
 * a worker's first connection, and leaves. One that is ready and does not leave in time is ended, and has passed.
 * @returns where this is: in the worker, if that is a copy of the zygote, or in the zygote
 * @throws ForkdError why it did not get ready
 */
export function tryWorker(
  modulePath: string,
  { settings, scoreboard }: Commission,
  breed: () => Result,
): "worker" | "zygote" {
  wipeTrialNote(scoreboard);
  const pid = succeeded("Starting a worker on trial", breed());
  if (pid === 0) return "worker";
  const ended = waitForTrial(pid, settings.startTimeout);
  const note = readTrialNote(scoreboard);
  if (note.isReady) return "zygote";
  if (note.failure !== undefined) throw failed(modulePath, note.failure);
  throw ended === undefined ? late(modulePath, settings) : lost(modulePath, ended, settings);
}

const failed = (modulePath: string, stack: string): ForkdError =>
  new ForkdError(
    "FORKD_E_MODULE_FAILED",
    `A worker of ${modulePath}, on trial, failed before it was ready for a connection. Mend this:`,
    { cause: Object.assign(new Error(), { stack }) },
  );

const late = (modulePath: string, { startTimeout, engine }: Settings): ForkdError =>
  new ForkdError(
    "FORKD_E_START_TIMEOUT",
    `A worker of ${modulePath}, on trial, was not ready for a connection within startTimeout ` +
      `(${formatDuration(startTimeout)}), and was killed. Mend what it waits for, or computes, in afterFork, or raise startTimeout.` +
      wayOutOf(engine),
  );

const lost = (modulePath: string, { manner }: EndedWorker, { engine }: Settings): ForkdError =>
  new ForkdError(
    "FORKD_E_MODULE_FAILED",
    `A worker of ${modulePath}, on trial, ended before it was ready for a connection: ${manner}. afterFork must not call ` +
      "process.exit(), and what crashes a worker there, or ends it at one of its limits, must be mended." +
      wayOutOf(engine),
  );

/** Where it was not found out before whether fork works. */
const wayOutOf = (engine: Settings["engine"]): string =>
  engine === "fork"
    ? ' If nothing is, fork(2) does not work with this Node on this machine: choose engine: "spawn".'
    : "";
