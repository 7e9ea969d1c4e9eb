import type { Program } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";

/** What keeps a daemon from starting whose zygote has ended in that manner. */
export function diedAtStart(modulePath: string, manner: string): ForkdError {
  if (manner.startsWith("hung")) {
    return new ForkdError(
      "FORKD_E_START_TIMEOUT",
      `The process that loads ${modulePath} ${manner}. It waits for something, or never stops computing, while it loads ` +
        "or in beforeFork, or no worker gets through afterFork: the log may say more. Mend that, or raise startTimeout.",
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
    `The process that loads ${modulePath} was ended before it was ready: ${manner}. What it printed is above; if nobody ` +
      "killed it, something that the module loads crashed it.",
  );
}

/** What is asked of a daemon that has begun to stop. */
export const stopping = (): ForkdError =>
  new ForkdError("FORKD_E_STOPPING", "The daemon stops: start it again when it has.");

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
