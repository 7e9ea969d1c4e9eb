import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { waitFor } from "./wait-for.ts";

/** A client that keeps what it receives. */
export class Client {
  readonly socket: Socket;
  /** Why the connection ended: `end` when the daemon closed it, an errno's name when it was reset. */
  ended: string | undefined;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    socket.on("end", () => (this.ended ??= "end"));
    socket.on("error", (error: NodeJS.ErrnoException) => (this.ended ??= error.code ?? error.message));
    socket.on("close", () => (this.ended ??= "close"));
  }

  static async open(port: number, host = "127.0.0.1"): Promise<Client> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    const client = new Client(socket);
    await once(socket, "connect");
    return client;
  }

  get received(): string {
    return this.#received.toString("utf8");
  }

  get receivedBytes(): number {
    return this.#received.length;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Says that no more will come. */
  finish(): void {
    this.socket.end();
  }

  /** Waits until `text` has come. */
  async receives(text: string): Promise<void> {
    await waitFor(
      () => `${JSON.stringify(text)}, having ${JSON.stringify(this.received.slice(-200))}, ${this.ended}`,
      () => this.received.includes(text),
    );
  }

  /** Waits for the end of the connection: what was received. */
  async rest(): Promise<string> {
    await waitFor(
      () => `the end of the connection, having ${JSON.stringify(this.received.slice(-200))}`,
      () => this.ended,
    );
    this.socket.destroy();
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends `data`, says that no more will come, and answers all that comes back. */
export async function exchange(port: number, data: string | Uint8Array): Promise<string> {
  const client = await Client.open(port);
  client.send(data);
  client.finish();
  return client.rest();
}
