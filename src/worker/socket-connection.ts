import type { Socket } from "node:net";
import type { ForkdError } from "../errors.ts";
import type { PipeLog } from "../log/pipe-log.ts";
import type { Log } from "../log/record.ts";
import { native } from "../native.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";
import type { Connection, LinesOptions } from "./connection.ts";
import { localEndpoint, remoteEndpoint, type Endpoint } from "./endpoint.ts";
import { clientGone, connectionFailed } from "./ends.ts";
import type { LineSplitter } from "./line-splitter.ts";
import { splitterFor } from "./lines-options.ts";
import { nextChunk } from "./next-chunk.ts";
import { nextEvent } from "./next-event.ts";
import { WatchedSocket } from "./watched-socket.ts";

export class SocketConnection implements Connection {
  readonly id: string;
  readonly socket: Socket;
  readonly #fd: number;
  readonly #slot: OwnSlot;
  readonly #pipeLog: PipeLog;
  #log: Log | undefined;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;
  readonly #watched: WatchedSocket;
  #controller: AbortController | undefined;
  #reason: ForkdError | undefined;
  #readsLines = false;

  constructor(fd: number, slot: OwnSlot, pipeLog: PipeLog) {
    this.#fd = fd;
    this.#slot = slot;
    this.id = slot.connectionId;
    this.#pipeLog = pipeLog;
    this.#watched = this.#watch(new WatchedSocket({ fd, allowHalfOpen: true }));
    this.socket = this.#watched;
    this.socket.on("error", (error) => this.abort(connectionFailed(error)));
  }

  get log(): Log {
    return (this.#log ??= this.#pipeLog.with({ connection: this.id }));
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteEndpoint());
  }

  get local(): Endpoint {
    return (this.#local ??= localEndpoint(this.#fd));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why the connection is to end, if it is. The socket knows of an error before it tells: what was read is not all then. */
  get reason(): ForkdError | undefined {
    const { errored } = this.socket;
    if (errored !== null) this.abort(connectionFailed(errored));
    return this.#reason;
  }

  /** Tells the handler. The first reason holds, but that a drain may be followed by what ends it. */
  abort(reason: ForkdError): void {
    const isFirst = this.#reason === undefined;
    if (!isFirst && this.#reason?.code !== "FORKD_E_DRAINING") return;
    this.#reason = reason;
    if (reason.code !== "FORKD_E_DRAINING") this.#cut();
    if (isFirst) this.#controller?.abort(reason);
  }

  #cut(): void {
    if (!this.socket.destroyed) {
      this.countBytes();
      native.abandonOutput(this.#fd);
    }
    this.socket.destroy();
  }

  async *lines(options?: LinesOptions): AsyncGenerator<string, void, undefined> {
    const splitter = splitterFor(options);
    this.#readsLines = true;
    try {
      for (let chunk = await this.#chunk(); chunk !== null; chunk = await this.#chunk()) {
        yield* this.#linesOf(splitter, chunk);
      }
      const last = splitter.last();
      if (last !== undefined) yield last;
    } finally {
      this.#readsLines = false;
    }
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.socket.destroyed) throw this.reason ?? clientGone();
    if (this.socket.write(data)) return native.rearmIdle();
    await nextEvent(this.socket, ["drain", "close"]);
    if (this.socket.destroyed) throw this.reason ?? clientGone();
    native.rearmIdle();
  }

  /** What the kernel has not taken whole is not counted: a client that has gone may never have it. */
  countBytes(): void {
    const socket = this.#watched;
    if (!socket.destroyed) this.#slot.countBytes(socket.bytesRead, socket.bytesTaken);
  }

  /** Sends what was written and says that no more will come. */
  async finish(): Promise<void> {
    const { socket } = this;
    if (!socket.destroyed) {
      await new Promise<void>((resolve) => {
        socket.once("close", resolve).end(resolve);
      });
    }
    native.disarm(); // what lingers is the kernel's, for a second at most
    if (!socket.destroyed) native.finish(this.#fd);
  }

  *#linesOf(splitter: LineSplitter, chunk: Buffer): Generator<string, void, undefined> {
    for (let start = 0; start < chunk.length; ) {
      const space = splitter.space();
      const copied = chunk.copy(space, 0, start);
      splitter.filled(copied);
      start += copied;
      for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
        native.rearmIdle();
        yield line;
      }
    }
  }

  async #chunk(): Promise<Buffer | null> {
    const chunk = await nextChunk(this.socket);
    if (chunk === null) this.#throwIfCut();
    return chunk;
  }

  /** Of a reset that comes together with bytes, libuv says that it is the end: half a line is no last line then. */
  #throwIfCut(): void {
    const { destroyed } = this.socket;
    const errno = destroyed ? 0 : native.pendingError(this.#fd);
    if (errno < 0) this.abort(connectionFailed(errno));
    if ((errno < 0 || destroyed) && this.reason !== undefined) throw this.reason;
  }

  #watch(socket: WatchedSocket): WatchedSocket {
    socket.onRead = () => {
      if (!this.#readsLines) native.rearmIdle();
      this.countBytes();
    };
    socket.onWritten = () => this.countBytes();
    return socket;
  }
}
