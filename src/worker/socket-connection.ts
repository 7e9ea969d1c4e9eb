import type { Socket } from "node:net";
import type { ForkdError } from "../errors.ts";
import type { PipeLog } from "../log/pipe-log.ts";
import type { Log } from "../log/record.ts";
import { native } from "../native.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";
import type { Connection, LinesOptions } from "./connection.ts";
import { DirectStream } from "./direct-stream.ts";
import { localEndpoint, remoteEndpoint, type Endpoint } from "./endpoint.ts";
import { clientGone, connectionFailed } from "./ends.ts";
import type { LineSplitter } from "./line-splitter.ts";
import { splitterFor } from "./lines-options.ts";
import { SocketStream } from "./socket-stream.ts";
import { turnOfLoop } from "./turn-of-loop.ts";
import { WatchedSocket } from "./watched-socket.ts";

/**
 * Read and written by its descriptor, without a socket, until the handler asks for that, or writes more than the kernel takes
 * at once.
 */
export class SocketConnection implements Connection {
  readonly #fd: number;
  readonly #slot: OwnSlot;
  readonly #pipeLog: PipeLog;
  readonly #number: number;
  #id: string | undefined;
  #log: Log | undefined;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;
  readonly #direct: DirectStream;
  #indirect: SocketStream | undefined;
  #isClosed = false;
  #controller: AbortController | undefined;
  #reason: ForkdError | undefined;
  #splitter: LineSplitter | undefined;

  constructor(fd: number, slot: OwnSlot, pipeLog: PipeLog) {
    this.#fd = fd;
    this.#slot = slot;
    this.#pipeLog = pipeLog;
    this.#number = slot.served;
    this.#direct = new DirectStream(fd, (errno) => this.abort(connectionFailed(errno)));
  }

  get id(): string {
    return (this.#id ??= this.#slot.idOf(this.#number));
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

  get socket(): Socket {
    return this.#bySocket().socket;
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
    const errored = this.#indirect?.socket.errored ?? null;
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
    if (!this.#isGone) {
      this.countBytes();
      native.abandonOutput(this.#fd);
    }
    this.close();
  }

  /** From now on bytes are read as they come, unless the socket does that. */
  watch(): void {
    this.#direct.watch();
  }

  onReadable(): void {
    this.#onRead();
    this.#direct.onReadable();
  }

  async *lines(options?: LinesOptions): AsyncGenerator<string, void, undefined> {
    const splitter = splitterFor(options);
    this.#splitter = splitter;
    try {
      for (let got = await this.#readInto(splitter); got > 0; got = await this.#readInto(splitter)) {
        for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
          native.rearmIdle();
          yield line;
          if (native.readLongAgo() === 1) await turnOfLoop(); // others are not to wait until all lines are done with
        }
      }
      const last = splitter.last();
      if (last !== undefined) yield last;
    } finally {
      this.#splitter = undefined;
    }
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.#isGone) throw this.reason ?? clientGone();
    const more = this.#splitter?.hasNext === true ? 1 : 0;
    const left = this.#indirect === undefined ? this.#direct.write(data, more) : data;
    if (left !== undefined) await this.#bySocket().write(left);
    if (this.#isGone) throw this.reason ?? clientGone();
    if (left !== undefined) native.rearmIdle(); // what is written directly has done so as it went
  }

  /** What of it was sent; what is written directly is counted as it goes. */
  countBytes(): void {
    this.#indirect?.countBytes();
  }

  /** Sends what was written and says that no more will come. */
  async finish(): Promise<void> {
    await this.#indirect?.finish();
    native.disarm(); // what lingers is the kernel's, for a second at most
    if (!this.#isGone) native.finish(this.#fd);
  }

  close(): void {
    const isClosed = this.#isGone;
    this.#isClosed = true;
    this.#direct.release();
    if (this.#indirect !== undefined) this.#indirect.socket.destroy();
    else if (!isClosed) native.close(this.#fd);
  }

  get #isGone(): boolean {
    return this.#indirect?.socket.destroyed ?? this.#isClosed;
  }

  async #readInto(splitter: LineSplitter): Promise<number> {
    const space = splitter.space();
    const got = (await this.#direct.readInto(space)) ?? (await this.#bySocket().readInto(space));
    if (got === 0) this.#throwIfCut();
    splitter.filled(got);
    return got;
  }

  /** Of a reset that comes together with bytes, libuv says that it is the end: half a line is no last line then. */
  #throwIfCut(): void {
    const isGone = this.#isGone;
    const errno = isGone ? 0 : native.pendingError(this.#fd);
    if (errno < 0) this.abort(connectionFailed(errno));
    if ((errno < 0 || isGone) && this.reason !== undefined) throw this.reason;
  }

  #bySocket(): SocketStream {
    return (this.#indirect ??= this.#openSocket());
  }

  #openSocket(): SocketStream {
    const unread = this.#direct.release();
    const socket = this.#isClosed
      ? new WatchedSocket().destroy()
      : new WatchedSocket({ fd: this.#fd, allowHalfOpen: true });
    socket.on("error", (error) => this.abort(connectionFailed(error)));
    return new SocketStream(socket, this.#slot, unread, () => this.#onRead());
  }

  /** While lines are read, only a whole one puts off the idle timeout. */
  #onRead(): void {
    if (this.#splitter === undefined) native.rearmIdle();
  }
}
