/**
 * A spawned worker: a Node of its own, which becomes what a forked worker is from its birth.
 *
 * It loads the module anew, runs `beforeFork`, for nobody has done so on its behalf, and then does all that `main.ts` says.
 * The zygote starts it and reaps it; nobody restarts it. Until it is in its slot, signals do what they do to any process:
 * who is told to leave, or loses its zygote, is ended at once, for it has no client yet.
 */
import { takeBriefing, passed, type Briefing } from "../control/briefing.ts";
import type { Daemon } from "../define-daemon.ts";
import { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import { Header } from "../scoreboard/header.ts";
import { limitsOfKernel } from "../scoreboard/limits.ts";
import { slotForTrials } from "../scoreboard/capacity.ts";
import { OwnSlot } from "../scoreboard/own-slot.ts";
import { succeeded } from "../system-error.ts";
import { refuseImpossibleLimits } from "../zygote/possible-limits.ts";
import { hideFromUserCode } from "../zygote/hiding.ts";
import { loadDaemon } from "../loader/load-daemon.ts";
import { adoptStripped } from "../loader/typescript-source.ts";
import { identityOf } from "./identity.ts";
import { endOnOneselfOnly, hearNotices, startWorker, type Workplace } from "./main.ts";
import { failOnTrial, startOnTrial } from "./on-trial.ts";
import { recordUncaught } from "./uncaught.ts";

const [, , slotNumber, forkNumber] = process.argv;
const isOnTrial = Number(slotNumber) === slotForTrials;
const pipeLog = new PipeLog();

// Not awaited: while a main module is unfinished Node listens for `exit`.
void start();

async function start(): Promise<void> {
  native.closeOnExecFrom(passed.scoreboard); // not for what user code starts
  const briefing = takeBriefing();
  const workplace = enter(briefing);
  endOnOneselfOnly(workplace);
  if (isOnTrial) failOnTrial(workplace);
  try {
    refuseImpossibleLimits(briefing.settings);
    succeeded("Limiting the worker", native.limit());
    const daemon = await load(briefing);
    hearNotices(workplace);
    if (native.occupy(briefing.zygote, briefing.generation, Number(forkNumber)) < 0) native.exit(0);
    if (isOnTrial) startOnTrial({ ...workplace, daemon }, briefing.zygote);
    else startWorker({ ...workplace, daemon });
  } catch (error) {
    if (isOnTrial) recordUncaught(error);
    else pipeLog.log.error("the worker could not start", { err: error });
    native.exit(1);
  }
}

function enter({ settings, supervisor, listeners }: Briefing): Workplace {
  const header = new Header(passed.scoreboard);
  const slot = new OwnSlot(succeeded("Mapping a slot", native.mapSlot(passed.scoreboard, Number(slotNumber))));
  native.close(passed.scoreboard);
  const descriptors = Array.from({ length: listeners }, (_, index) => passed.listeners + index);
  const timeouts = Float64Array.of(settings.idleTimeout, settings.sessionTimeout, settings.drainTimeout);
  native.configureWorkers(-1, supervisor, descriptors, timeouts, limitsOfKernel(settings));
  pipeLog.threshold = settings.logLevel;
  pipeLog.onDropped = () => header.noteDroppedRecord();
  pipeLog.identity = () => identityOf(slot);
  return { settings, slot, pipeLog };
}

async function load({ modulePath, directory, typescript }: Briefing): Promise<Daemon> {
  process.chdir(directory);
  hideFromUserCode("forkd: worker", modulePath, pipeLog);
  adoptStripped(typescript);
  process.on("exit", refuseToEnd);
  const daemon = await loadDaemon(modulePath);
  await daemon.beforeFork?.();
  process.off("exit", refuseToEnd);
  return daemon;
}

/** Status 0 would say that the worker was told to leave: another would be started at once, and so on. */
function refuseToEnd(status: number): void {
  if (status !== 0) return;
  pipeLog.log.error("the module, or its beforeFork, ended the worker's process, or awaits what never comes");
  native.exit(1);
}
