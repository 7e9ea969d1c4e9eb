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
import type { Daemon } from "../define-daemon.ts";
import { ForkdError } from "../errors.ts";
import { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import { Header } from "../scoreboard/header.ts";
import { OwnSlot } from "../scoreboard/own-slot.ts";
import { Slots } from "../scoreboard/slots.ts";
import { succeeded } from "../system-error.ts";
import { prepareWorker, startWorker, type Worker } from "../worker/main.ts";
import { rehearse } from "../worker/rehearsal.ts";
import { Control } from "./control.ts";
import { listDescriptors, planDescriptors, type Descriptors } from "./descriptors.ts";
import { loadDaemon } from "./load-daemon.ts";
import { Nursery } from "./nursery.ts";
import { emptyRandomStocks, replaceMathRandom } from "./randomness.ts";
import { guardWorkerThreads } from "./worker-threads.ts";

const [, , modulePath = "", supervisorPid = "0"] = process.argv;
const zygotePid = process.pid;
const control = new Control(3);
const pipeLog = new PipeLog();

await start();

async function start(): Promise<void> {
  try {
    leaveWithSupervisor();
    const nodes = listDescriptors();
    hideFromUserCode();
    const daemon = await loadDaemon(modulePath);
    control.send({ type: "loaded", options: describeOptions(daemon) });
    const served = control.receive();
    if (served?.message.type !== "serve") native.exit(0);
    const { settings, generation } = served.message;
    pipeLog.threshold = settings.logLevel;
    pipeLog.identity = () => ({ role: "zygote", pid: zygotePid, generation });
    await runBeforeFork(daemon);
    const worker = prepareWorker({ daemon, settings, slot: new OwnSlot(), pipeLog });
    await rehearse(worker);
    // In the check phase the event loop has no batch of events in hand, which a child would have to share.
    setImmediate(tend, worker, generation, served.descriptors, nodes);
  } catch (error) {
    fail(error);
  }
}

function leaveWithSupervisor(): void {
  if (native.dieWithParent(Number(supervisorPid), constants.signals.SIGKILL) < 0) native.exit(0);
}

/** User code finds a process like any other, and cannot take hold of what a forked one must not use. */
function hideFromUserCode(): void {
  process.title = "forkd: zygote";
  process.argv.splice(1, 2, modulePath);
  process.execArgv.length = 0;
  delete process.env["LD_BIND_NOW"];
  pipeLog.captureOutput();
  replaceMathRandom();
  guardWorkerThreads(() => process.pid !== zygotePid);
}

async function runBeforeFork(daemon: Daemon): Promise<void> {
  try {
    await daemon.beforeFork?.();
  } catch (cause) {
    throw new ForkdError("FORKD_E_MODULE_FAILED", `beforeFork of ${modulePath} failed.`, { cause });
  }
}

function tend(
  worker: Worker,
  generation: number,
  [memfd = -1, ...listeners]: readonly number[],
  nodes: Descriptors,
): void {
  const { settings } = worker;
  try {
    const header = new Header(memfd);
    const slots = new Slots(memfd, settings.maxConnections);
    pipeLog.onDropped = () => header.noteDroppedRecord();
    native.configureWorkers(
      memfd,
      Number(supervisorPid),
      listeners,
      settings.idleTimeout,
      settings.sessionTimeout,
      settings.drainTimeout,
    );
    succeeded("Handling SIGCHLD", native.ringOnSigchld());
    const { close, renew } = planDescriptors(nodes, [control.fd, memfd], listeners);
    prepareFork(close, renew);
    emptyRandomStocks(() => native.fork(settings.maxConnections, generation, 0)); // in the slot kept for trials
    collectGarbage();
    prepareFork(close, renew);
    header.beginGeneration(generation, settings.spareWorkers);
    const onReady = (): void => control.send({ type: "ready" });
    const isToldToDrain = (): boolean => control.receive()?.message.type === "drain";
    const nursery = new Nursery({ settings, generation, header, slots, pipeLog, listeners, onReady, isToldToDrain });
    if (nursery.tend() === "worker") startWorker(worker);
    else native.exit(0);
  } catch (error) {
    fail(error);
  }
}

/** Again after each collection of garbage: it may have moved other threads to wait elsewhere. */
function prepareFork(close: readonly number[], renew: readonly number[]): void {
  succeeded("Looking at the threads", native.prepareFork(close, renew));
}

/** What loading left behind would otherwise be copied into, and collected by, each child. */
function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
}

function fail(error: unknown): never {
  const { code, message, cause } = error instanceof ForkdError ? error : unexpected(error);
  const failure: Failure = {
    code,
    message,
    ...(cause instanceof Error ? { stack: cause.stack ?? String(cause) } : {}),
  };
  control.send({ type: "failed", error: failure });
  native.exit(1);
}

function unexpected(cause: unknown): ForkdError {
  return new ForkdError("FORKD_E_BUG", "The zygote failed.", { cause });
}
