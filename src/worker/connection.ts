import type { Socket } from "node:net";
import type { Log } from "../log/record.ts";
import type { Endpoint } from "./endpoint.ts";

/** Who is at the other end, the same in both styles of handler. */
export interface ConnectionIdentity {
  /** Unique in the daemon's life; each log record about the connection has it. */
  readonly id: string;
  /** The client's end. */
  readonly remote: Endpoint;
  /** The daemon's end. */
  readonly local: Endpoint;
  /** A log whose records carry the connection's identity. */
  readonly log: Log;
}

/** How {@link Connection.lines} reads. */
export interface LinesOptions {
  /**
   * The longest line, in bytes without its end.
   * @default 65536
   */
  readonly maxLength?: number;
}

/** One client's connection, in a process that serves nobody else meanwhile. */
export interface Connection extends ConnectionIdentity {
  /**
   * The connection as Node knows it, for libraries that take a socket. It is half-open: that the client has said all
   * does not close it. Any read from it puts off the idle timeout.
   */
  readonly socket: Socket;

  /**
   * Aborted when the connection is to end before its handler does; the reason is a `ForkdError`:
   * `FORKD_E_DRAINING` (the daemon stops: finish what you are at, within `drainTimeout`), or, the socket being closed
   * already, `FORKD_E_IDLE_TIMEOUT`, `FORKD_E_SESSION_TIMEOUT`, `FORKD_E_CLIENT_GONE`, `FORKD_E_SYSTEM`. Half a second
   * after a timeout the process ends, whatever it is doing.
   */
  readonly signal: AbortSignal;

  /**
   * The client's lines, without their ends: LF, or CR and LF. A last line that has no end is yielded too. Bytes that
   * are not UTF-8 become U+FFFD. While lines are read, only a whole one puts off the idle timeout.
   * @throws ForkdError `FORKD_E_LINE_TOO_LONG`, `FORKD_E_OPTION`; what `signal` is aborted with, once the socket is closed
   */
  lines(options?: LinesOptions): AsyncGenerator<string, void, undefined>;

  /**
   * Writes all of it. The promise is fulfilled when more may be written without filling memory; to wait for it is
   * good manners, not a must: what was written is sent before the connection closes.
   * @throws ForkdError `FORKD_E_CLIENT_GONE`, `FORKD_E_SYSTEM`, or what `signal` is aborted with
   */
  write(data: string | Uint8Array): Promise<void>;
}
