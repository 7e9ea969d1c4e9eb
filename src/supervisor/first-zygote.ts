/**
 * The first zygote's Node boots while the command line is read and the supervisor's program is loaded: it takes as long.
 * So it is started by the first lines, its module is stripped of types as soon as that is known, and the supervisor finds
 * it here, to tell it to load that.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { native } from "../native.ts";
import { makeLogPipe, type LogPipe } from "./log-pipe.ts";
import { bootZygote, type BootingZygote } from "./zygote-boot.ts";

export interface FirstZygote {
  readonly zygote: BootingZygote;
  /** That it writes to. */
  readonly logPipe: LogPipe;
}

let first: FirstZygote | undefined;

/** What cannot be started now is tried again when the daemon is to start. */
export function bootFirstZygote(): void {
  native.closeOnExecFrom(3); // what this process was given is not for zygotes, but for what they are handed
  try {
    const logPipe = makeLogPipe();
    first = bootWith(logPipe);
    if (first === undefined) for (const fd of logPipe) native.close(fd);
  } catch {
    // the system has no descriptor for it
  }
}

/** Undefined if the system has no process, or no descriptor, for it. */
function bootWith(logPipe: LogPipe): FirstZygote | undefined {
  try {
    const zygote = bootZygote(logPipe[1]);
    if (zygote.process.pid !== undefined) return { zygote, logPipe };
    zygote.process.on("error", () => undefined);
    native.close(zygote.controlFd);
  } catch {
    // told when it is tried again
  }
  return undefined;
}

/** Whether a descriptor is not one that this process was given, but leads to it. */
export const leadsToFirstZygote = (fd: number): boolean => fd === first?.zygote.controlFd;

/** It is to load this module, and need not wait for its types to be stripped. */
export async function stripForFirstZygote(modulePath: string): Promise<void> {
  const { stripAhead } = await import("../loader/strip-ahead.ts");
  if (first !== undefined) first.zygote.stripping = stripAhead(modulePath);
}

/** It is for the daemon now. */
export function takeFirstZygote(): FirstZygote | undefined {
  const taken = first;
  first = undefined;
  return taken;
}

/** There is no daemon to be: the command line was wrong, say. Returns when nothing is left of what was started for it. */
export async function abandonFirstZygote(): Promise<void> {
  const { process, stripping } = takeFirstZygote()?.zygote ?? {};
  await Promise.all([process, stripping?.process].map(killed));
}

async function killed(child: ChildProcess | undefined): Promise<void> {
  if (child?.kill("SIGKILL") === true) await once(child, "exit");
}
