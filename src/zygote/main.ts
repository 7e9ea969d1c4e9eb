/**
 * The zygote: one for each generation of the user's code.
 *
 * It loads the module once, then keeps spares forked (or spawned), reaps, and obeys the supervisor, in a synchronous
 * loop. It never accepts and never serves; it allocates nothing per fork. The supervisor starts it and replaces it when it
 * dies, and adopts its workers then. When the supervisor dies the kernel kills it (PR_SET_PDEATHSIG), whatever it is doing.
 */
import { constants } from "node:os";
import { describeOptions } from "../config/describe-options.ts";
import type { Settings } from "../config/settings.ts";
import type { Failure } from "../control/messages.ts";
import { isBlocking, type Daemon } from "../define-daemon.ts";
import { ForkdError } from "../errors.ts";
import { loadDaemon } from "../loader/load-daemon.ts";
import { takeStripped } from "../loader/typescript-source.ts";
import { PipeLog } from "../log/pipe-log.ts";
import { native, type Result } from "../native.ts";
import { Header } from "../scoreboard/header.ts";
import { slotForTrials } from "../scoreboard/capacity.ts";
import { limitsOfKernel } from "../scoreboard/limits.ts";
import { OwnSlot } from "../scoreboard/own-slot.ts";
import { Registry } from "../scoreboard/registry.ts";
import { Slots } from "../scoreboard/slots.ts";
import { directoryIsGone, succeeded } from "../system-error.ts";
import { becomeOneself, prepareIdentity } from "../worker/identity.ts";
import { failOnTrial, startOnTrial } from "../worker/on-trial.ts";
import { endOnOneselfOnly, hearNotices, startWorker, type Worker } from "../worker/main.ts";
import { endAtUncaughtErrors } from "../worker/uncaught.ts";
import { becomeForkable } from "./becoming-forkable.ts";
import { forking, type Breeder } from "./breeder.ts";
import { Control, type Commission } from "./control.ts";
import { listDescriptors, planDescriptors, type DescriptorPlan, type Descriptors } from "./descriptors.ts";
import { restoreEnvironment } from "./environment.ts";
import { describeRunningThreads, ForkSafety, unsafeFork } from "./fork-safety.ts";
import { hideFromUserCode } from "./hiding.ts";
import { Nursery } from "./nursery.ts";
import { refuseImpossibleLimits } from "./possible-limits.ts";
import { replaceMathRandom } from "./randomness.ts";
import { spawning, type Surroundings } from "./spawning.ts";
import { startThreadpool } from "./threads.ts";
import { tryWorker } from "./worker-on-trial.ts";
import { guardWorkerThreads } from "./worker-threads.ts";

const [, , supervisor = "0", untuned = "{}"] = process.argv;
const zygotePid = process.pid;
const control = new Control(3);
const pipeLog = new PipeLog();
const { modulePath, stripped } = control.receiveModule();

// Not awaited: while a main module is unfinished Node listens for `exit`, and children would inherit that.
void start();

async function start(): Promise<void> {
  try {
    leaveWithSupervisor();
    if (stripped !== undefined) takeStripped(stripped);
    await startThreadpool();
    const descriptorsOfNode = listDescriptors();
    hide();
    const surroundings = lookAround();
    endAtUncaughtErrors(failLoading);
    const safety = new ForkSafety();
    const daemon = await loadDaemon(modulePath);
    control.send({ type: "loaded", options: describeOptions(daemon) });
    const commission = control.receiveCommission();
    adoptSettings(commission);
    if (commission.engine === "spawn") tendSpawned(commission, surroundings, safety);
    else await tendForked(daemon, commission, descriptorsOfNode, safety);
  } catch (error) {
    fail(error);
  }
}

function leaveWithSupervisor(): void {
  if (native.dieWithParent(Number(supervisor), constants.signals.SIGKILL) < 0) native.exit(0);
}

/** User code cannot take hold of what a forked process must not use. */
function hide(): void {
  hideFromUserCode("forkd: zygote", modulePath, pipeLog);
  restoreEnvironment(untuned);
  replaceMathRandom();
  guardWorkerThreads(() => process.pid !== zygotePid);
}

function lookAround(): Surroundings {
  return { modulePath, directory: process.cwd(), variables: { ...process.env }, supervisor: Number(supervisor) };
}

function adoptSettings({ settings, generation, scoreboard, listeners }: Commission): void {
  pipeLog.threshold = settings.logLevel;
  pipeLog.identity = () => ({ role: "zygote", pid: zygotePid, generation });
  const timeouts = Float64Array.of(settings.idleTimeout, settings.sessionTimeout, settings.drainTimeout);
  native.configureWorkers(scoreboard, Number(supervisor), listeners, timeouts, limitsOfKernel(settings));
}

function tendSpawned(commission: Commission, surroundings: Surroundings, safety: ForkSafety): never {
  safety.forget();
  const breeder = spawning(commission, surroundings);
  // Whether it can have so little memory only a Node knows that is a worker, and each of them would find out anew.
  if (commission.trial || commission.settings["limits.memory"] >= 0) trySpawned(commission, breeder);
  tend(commission, breeder);
  native.exit(0);
}

function trySpawned(commission: Commission, breeder: Breeder): void {
  succeeded("Handling SIGCHLD", native.ringOnSigchld());
  tryOut(commission, () => breeder.breed(slotForTrials, commission.generation, 0));
}

/** @returns in which of the two processes this is */
function tryOut(commission: Commission, breed: () => Result): "worker" | "zygote" {
  control.send({ type: "trying" });
  return tryWorker(modulePath, commission, breed);
}

async function tendForked(
  daemon: Daemon,
  commission: Commission,
  descriptorsOfNode: Descriptors,
  safety: ForkSafety,
): Promise<void> {
  await runBeforeFork(daemon);
  const isSafe = await assureSafety(safety, commission);
  refuseImpossibleLimits(commission.settings);
  const slot = new OwnSlot(succeeded("Reserving a page", native.slotWindow()));
  const worker: Worker = { daemon, settings: commission.settings, slot, pipeLog };
  prepareIdentity(slot, pipeLog);
  hearNotices(worker);
  const forkd = [control.fd, commission.scoreboard, commission.registry];
  const plan = planDescriptors(descriptorsOfNode, forkd, commission.listeners, needsLoop(daemon));
  await assureForkability(worker, plan, isSafe, commission);
  endOnOneselfOnly(worker);
  if (tend(commission, forking(daemon.afterFork !== undefined)) === "done") native.exit(0);
  becomeOneself(slot);
  startWorker(worker);
}

async function runBeforeFork(daemon: Daemon): Promise<void> {
  try {
    await daemon.beforeFork?.();
  } catch (cause) {
    throw new ForkdError("FORKD_E_MODULE_FAILED", `beforeFork of ${modulePath} failed. Mend this:`, { cause });
  }
}

/** @returns false if it was asked not to mind */
async function assureSafety(safety: ForkSafety, commission: Commission): Promise<boolean> {
  const { settings, scoreboard, registry, listeners } = commission;
  const hazards = await safety.findHazards([control.fd, scoreboard, registry, ...listeners], settings.startTimeout);
  if (hazards !== undefined) refuse(hazards, settings);
  return hazards === undefined;
}

function refuse(hazards: string, { allowUnsafeFork }: Settings): void {
  const error = unsafeFork(modulePath, hazards);
  if (!allowUnsafeFork) throw error;
  pipeLog.log.warn(error.message);
}

async function assureForkability(
  worker: Worker,
  descriptors: DescriptorPlan,
  isSafe: boolean,
  commission: Commission,
): Promise<void> {
  const { settings } = commission;
  const failure = await becomeForkable(worker, {
    descriptors,
    isSafe,
    isFirst: settings.engine === "auto" && commission.isUntried,
    onRunningThreads: (count) => refuse(describeRunningThreads(count), settings),
    onForkable: () => (commission.trial ? tryForked(worker, commission) : Promise.resolve()),
  });
  if (failure === undefined) return;
  control.send({ type: "unforkable", reason: failure });
  native.exit(1);
}

/** Never comes to an end in the worker, which must not go on as the zygote. */
function tryForked(worker: Worker, commission: Commission): Promise<void> {
  const fork = (): Result => native.fork(slotForTrials, commission.generation, 0);
  if (tryOut(commission, fork) === "zygote") return Promise.resolve();
  becomeOneself(worker.slot);
  endOnOneselfOnly(worker);
  failOnTrial(worker);
  startOnTrial(worker, zygotePid);
  return new Promise(() => undefined);
}

/** A handler that blocks never gets round to the event loop. */
const needsLoop = (daemon: Daemon): boolean => !isBlocking(daemon.serve) || daemon.afterFork !== undefined;

function tend(commission: Commission, breeder: Breeder): "worker" | "done" {
  const { settings, generation, scoreboard, listeners } = commission;
  control.send({ type: "prepared" });
  control.awaitPermission();
  const header = new Header(scoreboard);
  const slots = new Slots(scoreboard, settings.maxConnections);
  const registry = new Registry(commission.registry);
  registry.provide(settings.maxConnections);
  succeeded("Handling SIGCHLD", native.ringOnSigchld()); // from now on it is the scoreboard's bell
  pipeLog.onDropped = () => header.noteDroppedRecord();
  header.beginGeneration(generation, settings.spareWorkers);
  const nursery = new Nursery({ settings, generation, header, slots, registry, pipeLog, listeners, control, breeder });
  return nursery.tend();
}

/** Of an error that nobody catches, in a timer say, or in a promise. */
function failLoading(cause: unknown): never {
  return fail(
    new ForkdError("FORKD_E_MODULE_FAILED", `${modulePath} failed before it was ready. Mend this:`, { cause }),
  );
}

function fail(error: unknown): never {
  const { code, message, cause } = error instanceof ForkdError ? error : (directoryIsGone(error) ?? unexpected(error));
  const stack = cause instanceof Error ? { stack: cause.stack ?? String(cause) } : {};
  const failure: Failure = { code, message, ...stack };
  control.send({ type: "failed", error: failure });
  native.exit(1);
}

/** What the system refuses, descriptors say, is no bug. */
function unexpected(cause: unknown): ForkdError {
  const { syscall, message } = cause as NodeJS.ErrnoException;
  if (syscall !== undefined)
    return new ForkdError("FORKD_E_SYSTEM", `The zygote could not start: ${message}.`, { cause });
  return new ForkdError("FORKD_E_BUG", "The zygote failed.", { cause });
}
