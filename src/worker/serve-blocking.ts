import type { CallableBlockingHandler } from "../define-daemon.ts";
import { native } from "../native.ts";
import type { Outcome } from "../scoreboard/states.ts";
import { DescriptorConnection } from "./blocking-connection.ts";
import { outcomeOf } from "./ends.ts";
import { exitStatusAfter, leave, recordEnd, staysAfter } from "./leaving.ts";
import type { Worker } from "./main.ts";
import { endIfExiting } from "./uncaught.ts";

/** Accepts and serves, without an event loop, until the worker is to leave. */
export function serveBlockingly(worker: Worker, handler: CallableBlockingHandler): never {
  for (let served = 1; ; served++) {
    const fd = native.accept();
    if (fd < 0) leave();
    const outcome = serveOneBlockingly(worker, handler, fd);
    if (!staysAfter(worker, outcome, served)) leave(exitStatusAfter(outcome));
  }
}

export function serveOneBlockingly(worker: Worker, handler: CallableBlockingHandler, fd: number): Outcome {
  const error = handle(worker, handler, fd);
  const isPastDeadline = native.deadlinePassed() !== 0;
  native.disarm(); // what lingers is the kernel's, for a second at most
  if (isPastDeadline) native.abandonOutput(fd);
  else native.finish(fd);
  native.close(fd);
  const outcome = outcomeOf(error, worker.settings);
  recordEnd(worker, outcome, error);
  return outcome;
}

/** What the handler threw; undefined if it returned. */
function handle({ slot, pipeLog }: Worker, handler: CallableBlockingHandler, fd: number): unknown {
  const connection = new DescriptorConnection(fd, slot, pipeLog);
  try {
    const result: unknown = handler(connection);
    return result instanceof Promise ? new TypeError("a blocking() handler must not return a promise") : undefined;
  } catch (error) {
    endIfExiting(error);
    return error ?? new Error(`the handler threw ${String(error)}`);
  }
}
