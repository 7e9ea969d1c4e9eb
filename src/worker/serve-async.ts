import { native } from "../native.ts";
import type { Outcome } from "../scoreboard/states.ts";
import type { Connection } from "./connection.ts";
import { draining, outcomeOf, reasonOfDeadline } from "./ends.ts";
import { exitStatusAfter, leave, recordEnd, staysAfter } from "./leaving.ts";
import type { Worker } from "./main.ts";
import { SocketConnection } from "./socket-connection.ts";
import { turnOfLoop } from "./turn-of-loop.ts";
import { endIfExiting } from "./uncaught.ts";

type Handler = (connection: Connection) => void | Promise<void>;

let current: SocketConnection | undefined;

/** Accepts, serves on the event loop, and accepts again until the worker is to leave. */
export async function serveAsynchronously(worker: Worker, handler: Handler): Promise<never> {
  for (let served = 1; ; served++) {
    const fd = native.accept();
    if (fd < 0) leave();
    const outcome = await serveOneAsynchronously(worker, handler, fd);
    if (!staysAfter(worker, outcome, served)) leave(exitStatusAfter(outcome));
    await turnOfLoop(); // what the connection leaves behind ends before there is another
  }
}

export async function serveOneAsynchronously(worker: Worker, handler: Handler, fd: number): Promise<Outcome> {
  const connection = new SocketConnection(fd, worker.slot, worker.pipeLog);
  current = connection;
  const error = await handle(handler, connection);
  await turnOfLoop(); // what the handler has put off, and a rejection that nobody handles, are the connection's, too
  await connection.finish();
  current = undefined;
  connection.countBytes();
  const reason = connection.reason ?? error;
  const outcome = outcomeOf(reason, worker.settings);
  recordEnd(worker, outcome, reason);
  connection.close();
  return outcome;
}

/** The worker is told to drain, or a deadline has passed. */
export function onNotice(): void {
  if (native.isDraining() === 1) current?.abort(draining());
  const reason = reasonOfDeadline();
  if (reason !== undefined) current?.abort(reason);
}

/** There is something to read from the connection. */
export const onReadable = (): void => current?.onReadable();

/** What the handler threw; undefined if it returned. */
async function handle(handler: Handler, connection: SocketConnection): Promise<unknown> {
  try {
    const handled = handler(connection);
    connection.watch(); // a client's going is noticed, though nobody reads
    await handled;
    return undefined;
  } catch (error) {
    endIfExiting(error);
    return error ?? new Error(`the handler threw ${String(error)}`);
  }
}
