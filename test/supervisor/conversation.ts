import { connect } from "node:net";
import { Client } from "../support/client.ts";

/** A client, and the worker that serves it. */
export interface Conversation {
  readonly client: Client;
  readonly pid: number;
}

export async function converse(port: number): Promise<Conversation> {
  const client = await Client.open(port);
  client.send("pid\n");
  await client.receives("\n");
  return { client, pid: Number(client.received) };
}

/** How one short connection went. */
export interface Attempt {
  readonly received: string;
  /** The errno's name if it failed; undefined if the daemon ended it in order. */
  readonly failure: string | undefined;
  /** As the daemon knows the client; undefined if it never was connected. */
  readonly peer: string | undefined;
}

/** Sends `text`, says that no more will come, and answers how it went: without polling, for many at a time. */
export function attempt(port: number, text: string): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = "";
    let failure: string | undefined;
    let peer: string | undefined;
    socket.on("connect", () => (peer = `127.0.0.1:${socket.localPort}`));
    socket.on("data", (bytes) => (received += bytes.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
    socket.on("close", () => resolve({ received, failure, peer }));
    socket.end(text);
  });
}

/** Runs `task` `count` times, `width` of them at once. */
export async function many<T>(count: number, width: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
