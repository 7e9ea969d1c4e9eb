/**
 * A worker: one connection at a time, and by default one in its life.
 *
 * It waits in accept(), marks its slot busy, runs the handler, notes how the connection ended and leaves, or accepts
 * again. It never touches another's slot. The zygote forks or spawns it and reaps it; nobody restarts it. When it dies its client
 * is closed, and nothing else notices. When the zygote dies the supervisor adopts it; when that is gone too, it drains.
 */
import type { Settings } from "../config/settings.ts";
import { isBlocking, type Daemon } from "../define-daemon.ts";
import type { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";
import { describeErrno } from "../system-error.ts";
import { failureOf } from "./ends.ts";
import { leave, recordEnd } from "./leaving.ts";
import { serveAsynchronously, onNotice, onReadable } from "./serve-async.ts";
import { serveBlockingly } from "./serve-blocking.ts";
import { beforeExitListeners, endAtUncaughtErrors, recordPending, recordUncaught } from "./uncaught.ts";

/** What a worker is given. */
export interface Workplace {
  readonly settings: Settings;
  readonly slot: OwnSlot;
  readonly pipeLog: PipeLog;
}

export interface Worker extends Workplace {
  readonly daemon: Daemon;
}

/** However user code ends the process, and whatever ends it because of user code. */
export function endOnOneselfOnly(workplace: Workplace): void {
  // What process.exit() ends with; exit(3) would join threads that a forked process does not have.
  Object.assign(process, { reallyExit: (status: number) => native.exit(status) });
  endAtUncaughtErrors((error) => logUncaught(workplace, error));
  beforeExitListeners(() => {
    recordPending();
    native.armLast();
  });
}

/** From now on the event loop does not end by itself. */
export function hearNotices(workplace: Workplace): void {
  native.listen(onNotice, (errno) => reportTrouble(workplace, errno), onReadable);
}

/** Gets ready, and then does its work: by default it serves, until it leaves. */
export function startWorker(worker: Worker, work: (worker: Worker) => void = serve): void {
  try {
    const prepared = worker.daemon.afterFork?.();
    if (prepared === undefined) work(worker);
    else void Promise.resolve(prepared).then(() => work(worker)); // of whichever library the promise is
  } catch (error) {
    recordUncaught(error); // not left to the zygote's code, of which this process is a copy
    leave(1);
  }
}

function serve(worker: Worker): void {
  const { serve: handler } = worker.daemon;
  if (isBlocking(handler)) serveBlockingly(worker, handler);
  else void serveAsynchronously(worker, handler);
}

export function logUncaught(workplace: Workplace, error: unknown): void {
  const { slot, settings, pipeLog } = workplace;
  if (slot.served > 0 && slot.isBusy && !slot.isReported) recordEnd(workplace, failureOf(error, settings), error);
  else pipeLog.log.error("the worker failed outside of a connection", { err: error });
}

function reportTrouble({ pipeLog }: Workplace, errno: number): void {
  if (errno === 0) pipeLog.log.info("accepting again");
  else if (errno < 0) pipeLog.log.warn("leaving: earlier connections have left no descriptor to accept another with");
  else pipeLog.log.error(`accept failed: ${describeErrno(errno)}; trying again, with pauses of up to 1s`);
}
