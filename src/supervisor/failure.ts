import type { Program } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";

/** How far a zygote has got: it loads its module, does all that comes before the first fork, or forks. */
export type StartPhase = "loading" | "preparing" | "forking";

const whatHangs: Readonly<Record<StartPhase, string>> = {
  loading: "It waits for something, or never stops computing, while it loads. Mend that, or raise startTimeout.",
  preparing:
    "It has loaded, and then waits for something, or never stops computing: in beforeFork, or in a process that it forks to " +
    "see whether that works. Mend beforeFork, or raise startTimeout. If it is not beforeFork, fork(2) does not work with this " +
    'Node on this machine: choose engine: "spawn".',
  forking:
    "It has started workers, and none gets through afterFork: the log may say more. Mend that, or raise startTimeout. If it is " +
    'not afterFork, fork(2) does not work with this Node on this machine: choose engine: "spawn".',
};

/** What keeps a daemon from starting whose zygote has ended in that manner. */
export function diedAtStart(modulePath: string, manner: string, phase: StartPhase): ForkdError {
  if (manner.startsWith("hung")) {
    return new ForkdError(
      "FORKD_E_START_TIMEOUT",
      `The process that loads ${modulePath} ${manner}. ${whatHangs[phase]}`,
    );
  }
  if (manner.startsWith("exit")) {
    return new ForkdError(
      "FORKD_E_MODULE_FAILED",
      `${modulePath} ended its process before it was ready: ${manner}. It must not call process.exit(), and what it awaits, ` +
        "at its top level or in beforeFork, must come.",
    );
  }
  return new ForkdError(
    "FORKD_E_ZYGOTE",
    `The process that loads ${modulePath} was ended before it was ready: ${manner}. If nobody killed it, something that the ` +
      "module loads crashed it: the log may say more.",
  );
}

/** What is asked of a daemon that has begun to stop. */
export const stopping = (): ForkdError =>
  new ForkdError("FORKD_E_STOPPING", "The daemon stops: start it again when it has.");

/** Somebody has thought better of a reload. */
export const calledOff = (): ForkdError =>
  new ForkdError("FORKD_E_CALLED_OFF", "The reload was called off: the old code goes on.");

export const nothingToCallOff = (): ForkdError =>
  new ForkdError(
    "FORKD_E_USAGE",
    "There is no reload to call off: none is under way, or the new code takes over already.",
  );

/** What an upgrade is told while something else goes on. */
export const busy = (what: string): ForkdError =>
  new ForkdError("FORKD_E_UPGRADE", `The daemon is ${what}: upgrade it when it serves, and nothing else goes on.`);

/** Why the process stays what it is; said by the program that it was to become, perhaps. */
export function notUpgraded({ node, forkd }: Program, why: string): ForkdError {
  return new ForkdError(
    "FORKD_E_UPGRADE",
    `The daemon cannot become ${forkd} on ${node}, and goes on as it is: ${plain(why)}`,
  );
}

/** What a restart is told of a daemon that has yet to serve. */
export const notReady = (): ForkdError =>
  new ForkdError("FORKD_E_RESTART", "The daemon is starting: restart it when it serves.");

/** Why the daemon would not start again, as it was found out by trying. */
export const notRestartable = (why: string): ForkdError =>
  new ForkdError("FORKD_E_RESTART", `The daemon would not start again, and goes on as it is: ${plain(why)}`);

const plain = (sentence: string): string => sentence.replace(/^forkd: /, "");

/** The process could not become what it was to start the daemon again as. */
export const notRestarted = (why: string): ForkdError =>
  new ForkdError("FORKD_E_SYSTEM", `The daemon has stopped, and cannot be started again by itself: ${why}`);
