import { closeSync, openSync } from "node:fs";
import { isBlocking, type CallableBlockingHandler } from "../define-daemon.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import type { BlockingConnection } from "./blocking-connection.ts";
import type { Connection } from "./connection.ts";
import { exitStatusAfter, staysAfter } from "./leaving.ts";
import { stockBuffer } from "./line-splitter.ts";
import type { Worker } from "./main.ts";
import { serveOneAsynchronously } from "./serve-async.ts";
import { serveOneBlockingly } from "./serve-blocking.ts";

/**
 * In the zygote: serves a few connections of its own, so that the code which does that is compiled, once, before there
 * are children who would each have to do it again. The scoreboard is not mapped yet: nothing is counted.
 * @param midway is called by one of the handlers
 */
export async function rehearse(worker: Worker, connections: number, midway = nothing): Promise<void> {
  const { pipeLog } = worker;
  const { threshold, endsGoTo } = pipeLog;
  pipeLog.threshold = "error"; // how these connections end is nobody's concern
  pipeLog.endsGoTo = openSync("/dev/null", "w");
  for (let count = 0; count < connections; count++) {
    const [fd, client] = connect();
    inHandler = count === connections >> 1 ? midway : nothing;
    const outcome = isBlocking(worker.daemon.serve)
      ? serveOneBlockingly(worker, blockingHandlers[count % 2] as CallableBlockingHandler, fd)
      : await serveOneAsynchronously(worker, asyncHandlers[count % 2] as AsyncHandler, fd);
    staysAfter(worker, outcome, 1);
    exitStatusAfter(outcome);
    native.close(client);
  }
  stockBuffer();
  closeSync(pipeLog.endsGoTo);
  pipeLog.endsGoTo = endsGoTo;
  pipeLog.threshold = threshold;
}

let inHandler: () => void = nothing;

function nothing(): void {}

type AsyncHandler = (connection: Connection) => Promise<void>;

/** Two of each, or V8 would take it that there is no other, and start anew when it meets the daemon's. One asks for its socket. */
const asyncHandlers: readonly AsyncHandler[] = [
  async (connection) => {
    for await (const line of connection.lines()) {
      inHandler();
      await connection.write(`${line}\r\n`);
    }
  },
  async (connection) => {
    if (connection.socket.destroyed) return;
    for await (const line of connection.lines()) await connection.write(line);
  },
];

const blockingHandlers: readonly ((connection: BlockingConnection) => void)[] = [
  (connection) => {
    for (const line of connection.lines()) {
      inHandler();
      connection.write(`${line}\r\n`);
    }
  },
  (connection) => {
    for (const line of connection.lines()) {
      inHandler();
      connection.write(`${line}\n`);
    }
  },
];

/** A connection, and its client's end, which has sent a line and said that this was all. */
function connect(): [number, number] {
  const overTcp = native.tcpPair();
  const pair = typeof overTcp === "number" ? native.socketPair() : overTcp; // there may be no loopback interface
  const [fd, client] = succeeded("Making a pair of sockets", pair);
  native.sendDescriptors(client, Buffer.from("rehearsal\r\n"), []);
  native.finish(client);
  return [fd, client];
}
