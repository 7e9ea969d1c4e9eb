import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { constants } from "node:os";
import { native } from "../native.ts";
import { notEnded, notProven, patience } from "./failure.ts";
import { findHolder, PidFile } from "./pid-file.ts";
import { stateOf } from "./process-state.ts";
import type { RuntimeFolder } from "./runtime-folder.ts";
import { waitFor } from "./waiting.ts";

const { SIGKILL, SIGSTOP } = constants.signals;

/**
 * Ends a daemon that heeds nobody, with all that it has, and clears away its files. Its supervisor is stopped first, so that it
 * starts nothing anew; what a killed zygote leaves behind becomes the supervisor's, which is a subreaper, and is killed, too.
 * @throws ForkdError `FORKD_E_HUNG` if it cannot be told whom to kill, `FORKD_E_SYSTEM` if somebody does not end
 */
export async function endByForce(name: string, folder: RuntimeFolder): Promise<void> {
  const holder = findHolder(folder.pidFile);
  if (holder === undefined) return;
  const { pid } = holder;
  if (!holdsLock(pid, folder.pidFile)) {
    if (findHolder(folder.pidFile) === undefined) return; // somebody else has ended it meanwhile
    throw notProven(name, pid);
  }
  native.kill(pid, SIGSTOP);
  const areGone = await waitFor(async () => killChildren(pid) === 0 || undefined, patience);
  const left = livingChildren(pid);
  native.kill(pid, SIGKILL);
  if (areGone === undefined) throw notEnded(name, left);
  const hasEnded = await waitFor(async () => findHolder(folder.pidFile) === undefined || undefined, patience);
  if (hasEnded === undefined) throw notEnded(name, [pid]);
  clearAway(folder);
}

/** The kernel tells which descriptors have a lock, of processes that this one may look at: proc_pid_fdinfo(5). */
function holdsLock(pid: number, path: string): boolean {
  try {
    const file = statSync(path);
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const { dev, ino } = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false }) ?? {};
      if (dev !== file.dev || ino !== file.ino) return false;
      return /^lock:.* OFDLCK .* WRITE /m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
    });
  } catch {
    return false;
  }
}

/** How many there were. */
function killChildren(pid: number): number {
  const living = livingChildren(pid);
  for (const child of living) native.kill(child, SIGKILL);
  return living.length;
}

/** A stopped parent buries nobody: who is a zombie has ended. */
const livingChildren = (pid: number): number[] => childrenOf(pid).filter((child) => !/^[ZX]?$/.test(stateOf(child)));

/** proc_tid_children(5) */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Unless somebody else has done so, or has begun to start it anew. */
function clearAway(folder: RuntimeFolder): void {
  const left = PidFile.takeLeft(folder.pidFile);
  if (left === undefined) return;
  rmSync(folder.socket, { force: true });
  left.release();
  folder.remove();
}
