import { blocking, isBlocking, type CallableBlockingHandler } from "../define-daemon.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import type { Connection } from "./connection.ts";
import { exitStatusAfter, staysAfter } from "./leaving.ts";
import type { Worker } from "./main.ts";
import { serveOneAsynchronously } from "./serve-async.ts";
import { serveOneBlockingly } from "./serve-blocking.ts";

/**
 * In the zygote: serves a few connections of its own, so that the code which does that is compiled, once, before there
 * are children who would each have to do it again. The scoreboard is not mapped yet: nothing is counted.
 */
export async function rehearse(worker: Worker, connections: number): Promise<void> {
  const { pipeLog, settings } = worker;
  pipeLog.threshold = "error"; // nobody has connected: there is nothing to tell
  for (let count = 0; count < connections; count++) {
    const [fd, client] = connect();
    const outcome = isBlocking(worker.daemon.serve)
      ? serveOneBlockingly(worker, blockingHandler, fd)
      : await serveOneAsynchronously(worker, asyncHandler, fd);
    staysAfter(worker, outcome);
    exitStatusAfter(outcome);
    native.close(client);
  }
  pipeLog.threshold = settings.logLevel;
}

async function asyncHandler(connection: Connection): Promise<void> {
  for await (const line of connection.lines()) await connection.write(`${line}\r\n`);
}

const blockingHandler = blocking((connection) => {
  for (const line of connection.lines()) connection.write(`${line}\r\n`);
}) as CallableBlockingHandler;

/** A connection, and its client's end, which has sent a line and said that this was all. */
function connect(): [number, number] {
  const overTcp = native.tcpPair();
  const pair = typeof overTcp === "number" ? native.socketPair() : overTcp; // there may be no loopback interface
  const [fd, client] = succeeded("Making a pair of sockets", pair);
  native.sendDescriptors(client, Buffer.from("rehearsal\r\n"), []);
  native.finish(client);
  return [fd, client];
}
