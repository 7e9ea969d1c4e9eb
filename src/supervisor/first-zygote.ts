/**
 * The first zygote's Node boots while the command line is read and the supervisor's program is loaded: it takes as long. So it is
 * started from the first line on, and told later which module to load.
 */
import { native } from "../native.ts";
import { makeLogPipe, type LogPipe } from "./log-pipe.ts";
import { bootZygote, type BootingZygote } from "./zygote-boot.ts";

export interface FirstZygote {
  readonly zygote: BootingZygote;
  /** That it writes to. */
  readonly logPipe: LogPipe;
}

let first: FirstZygote | undefined;

export function bootFirstZygote(): void {
  native.closeOnExecFrom(3); // what this process was given is not for zygotes, but for what they are handed
  const logPipe = makeLogPipe();
  const zygote = bootZygote(logPipe[1]);
  if (zygote.process.pid === undefined) return void zygote.process.on("error", () => undefined);
  first = { zygote, logPipe };
  process.on("exit", abandon);
}

/** It is for the daemon now. */
export function takeFirstZygote(): FirstZygote | undefined {
  const taken = first;
  first = undefined;
  process.off("exit", abandon);
  return taken;
}

/** There is no daemon to be: the command line was wrong, say. */
function abandon(): void {
  first?.zygote.process.kill("SIGKILL");
}
