import type { OwnSlot } from "../scoreboard/own-slot.ts";
import { nextEvent } from "./next-event.ts";
import type { WatchedSocket } from "./watched-socket.ts";

const readingEvents = ["readable", "end", "close"];

/** A connection that is read and written by its socket, as whoever has asked for that may do too. */
export class SocketStream {
  readonly socket: WatchedSocket;
  readonly #slot: OwnSlot;
  readonly #bytesInBefore: number;
  readonly #bytesOutBefore: number;
  #rest: Buffer | undefined;

  /** @param unread - What was read before there was a socket, and not asked for */
  constructor(socket: WatchedSocket, slot: OwnSlot, unread: readonly Buffer[], onRead: () => void) {
    this.socket = socket;
    this.#slot = slot;
    this.#bytesInBefore = slot.bytesIn;
    this.#bytesOutBefore = slot.bytesOut;
    for (const chunk of unread) socket.push(chunk);
    socket.onRead = () => {
      onRead();
      this.countBytes();
    };
    socket.onWritten = () => this.countBytes();
  }

  /** How many bytes have been put into `space`; 0 at the end, or once the socket is destroyed. */
  async readInto(space: Uint8Array): Promise<number> {
    const chunk = this.#rest ?? (await this.#next());
    if (chunk === null) return 0;
    const copied = chunk.copy(space);
    this.#rest = copied < chunk.length ? chunk.subarray(copied) : undefined;
    return copied;
  }

  /** Fulfilled when more may be written, or the socket is destroyed. */
  async write(data: string | Uint8Array): Promise<void> {
    if (!this.socket.write(data)) await nextEvent(this.socket, ["drain", "close"]);
  }

  /** What the kernel has not taken whole is not counted: a client that has gone may never have it. */
  countBytes(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    this.#slot.countBytes(this.#bytesInBefore + socket.bytesRead, this.#bytesOutBefore + socket.bytesTaken);
  }

  /** Sends what was written, and says that no more will come. */
  async finish(): Promise<void> {
    const { socket } = this;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", resolve).end(resolve);
    });
  }

  async #next(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.socket.readableEnded || this.socket.destroyed) return null;
      await nextEvent(this.socket, readingEvents);
    }
  }
}
