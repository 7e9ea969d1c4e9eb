import { blocking, isBlocking, type CallableBlockingHandler } from "../define-daemon.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import type { Outcome } from "../scoreboard/states.ts";
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
  const { threshold } = worker.pipeLog;
  worker.pipeLog.threshold = "error"; // how these connections end is nobody's concern
  if (isBlocking(worker.daemon.serve)) {
    await repeat(connections, worker, (fd) => serveOneBlockingly(worker, blockingHandler, fd));
  } else {
    await repeat(connections, worker, (fd) => serveOneAsynchronously(worker, socketHandler, fd));
    await repeat(connections, worker, (fd) => serveOneAsynchronously(worker, asyncHandler, fd));
  }
  worker.pipeLog.threshold = threshold;
}

async function repeat(
  connections: number,
  worker: Worker,
  serve: (fd: number) => Outcome | Promise<Outcome>,
): Promise<void> {
  for (let count = 0; count < connections; count++) {
    const [fd, client] = connect();
    const outcome = await serve(fd);
    staysAfter(worker, outcome, 1);
    exitStatusAfter(outcome);
    native.close(client);
  }
}

async function asyncHandler(connection: Connection): Promise<void> {
  for await (const line of connection.lines()) await connection.write(`${line}\r\n`);
}

/** As different from the other as to keep V8 from taking either for the only handler that there is. */
async function socketHandler(connection: Connection): Promise<void> {
  if (connection.socket.destroyed) return;
  for await (const line of connection.lines()) await connection.write(line);
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
