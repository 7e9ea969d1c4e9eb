import type { PipeLog } from "../log/pipe-log.ts";
import type { Log } from "../log/record.ts";
import { native } from "../native.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";
import type { ConnectionIdentity, LinesOptions } from "./connection.ts";
import { localEndpoint, remoteEndpoint, type Endpoint } from "./endpoint.ts";
import { connectionFailed, reasonOfDeadline } from "./ends.ts";
import type { LineSplitter } from "./line-splitter.ts";
import { splitterFor } from "./lines-options.ts";

const readSize = 64 * 1024;
const tooLongForText = -7; /* -E2BIG */

/** One client's connection, for a handler marked by `blocking`: its methods wait instead of returning promises. */
export interface BlockingConnection extends ConnectionIdentity {
  /** Whether the daemon stops. What is under way may be finished, within `drainTimeout`. */
  readonly draining: boolean;

  /**
   * The client's lines, without their ends: LF, or CR and LF. A last line that has no end is yielded too. Bytes that
   * are not UTF-8 become U+FFFD. While lines are read, only a whole one puts off the idle timeout.
   * @throws ForkdError `FORKD_E_LINE_TOO_LONG`, `FORKD_E_OPTION`, `FORKD_E_IDLE_TIMEOUT`, `FORKD_E_SESSION_TIMEOUT`,
   * `FORKD_E_CLIENT_GONE`, `FORKD_E_SYSTEM`
   */
  lines(options?: LinesOptions): Generator<string, void, undefined>;

  /**
   * Waits for bytes: as many as have come, at most 64 KiB; null once the client has said all.
   * @throws ForkdError `FORKD_E_IDLE_TIMEOUT`, `FORKD_E_SESSION_TIMEOUT`, `FORKD_E_CLIENT_GONE`, `FORKD_E_SYSTEM`
   */
  read(): Buffer | null;

  /**
   * Writes all of it, however slowly the client reads; the idle timeout counts from the last progress.
   * @throws ForkdError `FORKD_E_IDLE_TIMEOUT`, `FORKD_E_SESSION_TIMEOUT`, `FORKD_E_CLIENT_GONE`, `FORKD_E_SYSTEM`
   */
  write(data: string | Uint8Array): void;
}

export class DescriptorConnection implements BlockingConnection {
  readonly #fd: number;
  readonly #slot: OwnSlot;
  readonly #number: number;
  readonly #pipeLog: PipeLog;
  #log: Log | undefined;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;
  #splitter: LineSplitter | undefined;

  constructor(fd: number, slot: OwnSlot, pipeLog: PipeLog) {
    this.#fd = fd;
    this.#slot = slot;
    this.#number = slot.served;
    this.#pipeLog = pipeLog;
  }

  get id(): string {
    return this.#slot.idOf(this.#number);
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

  get draining(): boolean {
    return native.isDraining() === 1;
  }

  *lines(options?: LinesOptions): Generator<string, void, undefined> {
    const splitter = splitterFor(options);
    this.#splitter = splitter;
    try {
      for (let got = this.#readInto(splitter); got > 0; got = this.#readInto(splitter)) {
        for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
          native.rearmIdle();
          yield line;
        }
      }
      const last = splitter.last();
      if (last !== undefined) yield last;
    } finally {
      this.#splitter = undefined;
    }
  }

  read(): Buffer | null {
    const buffer = Buffer.allocUnsafe(readSize);
    const got = this.#receive(buffer);
    native.rearmIdle();
    return got === 0 ? null : buffer.subarray(0, got);
  }

  write(data: string | Uint8Array): void {
    const more = this.#splitter?.hasNext === true ? 1 : 0;
    let result = typeof data === "string" ? native.writeText(this.#fd, data, more) : native.write(this.#fd, data, more);
    if (result === tooLongForText) result = native.write(this.#fd, Buffer.from(data as string), more);
    if (result < 0) throw reasonOfDeadline() ?? connectionFailed(result);
  }

  #readInto(splitter: LineSplitter): number {
    const got = this.#receive(splitter.space());
    splitter.filled(got);
    return got;
  }

  #receive(into: Uint8Array): number {
    const got = native.read(this.#fd, into);
    if (got < 0) throw reasonOfDeadline() ?? connectionFailed(got);
    return got;
  }
}
