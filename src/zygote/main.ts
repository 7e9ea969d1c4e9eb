/**
 * The zygote: one for each generation of the user's code.
 *
 * It loads the module once, then keeps spares forked, reaps, and obeys the supervisor, in a synchronous loop. It never
 * accepts and never serves; it allocates nothing per fork. The supervisor starts it and replaces it when it dies, and
 * adopts its workers then. When the supervisor dies the kernel kills it (PR_SET_PDEATHSIG), whatever it is doing.
 */
import { constants } from "node:os";
import { describeOptions } from "../config/describe-options.ts";
import type { Failure } from "../control/messages.ts";
import { isBlocking, type Daemon } from "../define-daemon.ts";
import { ForkdError } from "../errors.ts";
import { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import { Header } from "../scoreboard/header.ts";
import { limitsOfKernel } from "../scoreboard/limits.ts";
import { OwnSlot } from "../scoreboard/own-slot.ts";
import { Slots } from "../scoreboard/slots.ts";
import { succeeded } from "../system-error.ts";
import { prepareWorker, startWorker } from "../worker/main.ts";
import { Control, type Commission } from "./control.ts";
import { listDescriptors, planDescriptors } from "./descriptors.ts";
import { restoreEnvironment } from "./environment.ts";
import { loadDaemon } from "./load-daemon.ts";
import { becomeForkable } from "./becoming-forkable.ts";
import { Nursery } from "./nursery.ts";
import { refuseImpossibleLimits } from "./possible-limits.ts";
import { replaceMathRandom } from "./randomness.ts";
import { guardWorkerThreads } from "./worker-threads.ts";

const [, , modulePath = "", supervisor = "0", untuned = "{}"] = process.argv;
const zygotePid = process.pid;
const control = new Control(3);
const pipeLog = new PipeLog();

// Not awaited: while a main module is unfinished Node listens for `exit`, and children would inherit that.
void start();

async function start(): Promise<void> {
  try {
    leaveWithSupervisor();
    const descriptorsOfNode = listDescriptors();
    hideFromUserCode();
    const daemon = await loadDaemon(modulePath);
    control.send({ type: "loaded", options: describeOptions(daemon) });
    const commission = control.receiveCommission();
    adoptSettings(commission);
    await runBeforeFork(daemon);
    refuseImpossibleLimits(commission.settings);
    const worker = prepareWorker({ daemon, settings: commission.settings, slot: new OwnSlot(), pipeLog });
    const plan = planDescriptors(
      descriptorsOfNode,
      [control.fd, commission.scoreboard],
      commission.listeners,
      needsLoop(daemon),
    );
    await becomeForkable(worker, plan);
    if (tend(commission) === "worker") startWorker(worker);
    else native.exit(0);
  } catch (error) {
    fail(error);
  }
}

function leaveWithSupervisor(): void {
  if (native.dieWithParent(Number(supervisor), constants.signals.SIGKILL) < 0) native.exit(0);
}

/** User code finds a process like any other, and cannot take hold of what a forked one must not use. */
function hideFromUserCode(): void {
  process.title = "forkd: zygote";
  process.argv.splice(1, process.argv.length, modulePath);
  process.execArgv.length = 0;
  restoreEnvironment(untuned);
  pipeLog.captureOutput();
  replaceMathRandom();
  guardWorkerThreads(() => process.pid !== zygotePid);
}

function adoptSettings({ settings, generation, scoreboard, listeners }: Commission): void {
  pipeLog.threshold = settings.logLevel;
  pipeLog.identity = () => ({ role: "zygote", pid: zygotePid, generation });
  const timeouts = Float64Array.of(settings.idleTimeout, settings.sessionTimeout, settings.drainTimeout);
  native.configureWorkers(scoreboard, Number(supervisor), listeners, timeouts, limitsOfKernel(settings));
}

async function runBeforeFork(daemon: Daemon): Promise<void> {
  try {
    await daemon.beforeFork?.();
  } catch (cause) {
    throw new ForkdError("FORKD_E_MODULE_FAILED", `beforeFork of ${modulePath} failed.`, { cause });
  }
}

/** A handler that blocks never gets round to the event loop. */
const needsLoop = (daemon: Daemon): boolean => !isBlocking(daemon.serve) || daemon.afterFork !== undefined;

function tend({ settings, generation, scoreboard, listeners }: Commission): "worker" | "drained" {
  const header = new Header(scoreboard);
  const slots = new Slots(scoreboard, settings.maxConnections);
  succeeded("Handling SIGCHLD", native.ringOnSigchld()); // from now on it is the scoreboard's bell
  pipeLog.onDropped = () => header.noteDroppedRecord();
  header.beginGeneration(generation, settings.spareWorkers);
  const nursery = new Nursery({ settings, generation, header, slots, pipeLog, listeners, control });
  return nursery.tend();
}

function fail(error: unknown): never {
  const { code, message, cause } = error instanceof ForkdError ? error : unexpected(error);
  const stack = cause instanceof Error ? { stack: cause.stack ?? String(cause) } : {};
  const failure: Failure = { code, message, ...stack };
  control.send({ type: "failed", error: failure });
  native.exit(1);
}

function unexpected(cause: unknown): ForkdError {
  return new ForkdError("FORKD_E_BUG", "The zygote failed.", { cause });
}
