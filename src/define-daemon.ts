// The zygote loads this file and every worker is a copy of the zygote: it imports no code and checks nothing.
import type { BlockingConnection } from "./worker/blocking-connection.ts";
import type { Connection } from "./worker/connection.ts";

// Symbol.for, so that a module that found another copy of forkd than the one that runs it is understood.
const daemonBrand: unique symbol = Symbol.for("forkd.daemon");
const blockingBrand: unique symbol = Symbol.for("forkd.blocking");

/** What a daemon does and how. Every option but the functions has a flag and a `FORKD_…` variable too. */
export interface DaemonOptions {
  /**
   * What the daemon is called in logs and by commands.
   * @default the module's file name without its extension
   */
  readonly name?: string;
  /**
   * Where to listen: `"127.0.0.1:1234"`, `"[::1]:1234"`, `":1234"`, `"unix:/run/x.sock"`, one or several.
   * @default "127.0.0.1:1234"
   */
  readonly listen?: string | readonly string[];
  /**
   * How many clients the kernel queues while nobody accepts; it cuts this at `net.core.somaxconn`.
   * @default 4096
   */
  readonly backlog?: number;
  /**
   * How many connections are served at once; further clients wait in the backlog.
   * @default 100
   */
  readonly maxConnections?: number;
  /**
   * How many idle workers are kept forked and waiting.
   * @default 8
   */
  readonly spareWorkers?: number;
  /**
   * How many connections a worker serves, one after another, before it exits.
   * @default 1
   */
  readonly connectionsPerWorker?: number;
  /**
   * How long a connection may stay without a byte in either direction: a duration with its unit, or `"off"`.
   * @default "60s"
   */
  readonly idleTimeout?: string;
  /**
   * How long a connection may last altogether: a duration with its unit, or `"off"`.
   * @default "off"
   */
  readonly sessionTimeout?: string;
  /**
   * How long connections may take to finish once the daemon stops: a duration with its unit.
   * @default "30s", or "8s" for process 1 of a container, which has 10 seconds as a rule
   */
  readonly drainTimeout?: string;
  /**
   * How long it may take from starting a zygote until the first of its workers waits for connections; also how long
   * each worker's `afterFork` may take. What the module says holds from the end of its loading on.
   * @default "60s"
   */
  readonly startTimeout?: string;
  /**
   * How long the zygote may give no sign of life before it is killed and replaced; `"off"` for a debugger.
   * @default "10s"
   */
  readonly heartbeatTimeout?: string;
  /** When forkd gives up replacing a zygote that crashes again and again. */
  readonly restart?: RestartPolicy;
  /**
   * How often at most the zygote is replaced by a fresh one, with another address-space layout, after a worker has died
   * of SIGSEGV, SIGBUS, SIGILL or SIGABRT; `"off"` for never.
   * @default "60s"
   */
  readonly rotateInterval?: string;
  /**
   * How workers come to be: forked from the zygote, or spawned as fresh Node processes. `"auto"` forks where a self-test
   * says that this works.
   * @default "auto"
   */
  readonly engine?: "auto" | "fork" | "spawn";
  /**
   * Whether to fork although the module has left sockets, timers, threads or the like open.
   * @default false
   */
  readonly allowUnsafeFork?: boolean;
  /** What the kernel allows each worker: setrlimit(2). */
  readonly limits?: Limits;
  /**
   * The least important messages that are logged.
   * @default "info"
   */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /**
   * Whether each connection that ends as usual is logged, at the level info; others always are.
   * @default true
   */
  readonly connectionLog?: boolean;
  /**
   * Whether the addresses of clients are shortened in the log, to /24 or, for IPv6, /48. What user code logs is not.
   * @default false
   */
  readonly anonymizePeers?: boolean;
  /**
   * The file that the log is appended to, instead of stderr; SIGUSR1 has it opened anew. A relative path is relative to
   * the working directory that the daemon was started in.
   * @default "off"
   */
  readonly logFile?: string;
  /**
   * How a log message is written: for programs or for people.
   * @default "pretty" when the log goes to a terminal, else "json"
   */
  readonly logFormat?: "json" | "pretty";
  /** Runs once, after the module is loaded and before the first worker is forked. It must leave nothing open. */
  readonly beforeFork?: () => void | Promise<void>;
  /** Runs in each worker before its first connection: the place to open what a worker needs. */
  readonly afterFork?: () => void | Promise<void>;
  /** Serves one connection, in a process that serves nobody else meanwhile. */
  readonly serve: ((connection: Connection) => void | Promise<void>) | BlockingHandler;
}

/** When forkd gives up on a zygote that crashes again and again: it drains, and ends with status 1. */
export interface RestartPolicy {
  /**
   * How many crashes within `within` are too many.
   * @default 5
   */
  readonly maxCrashes?: number;
  /**
   * The time in which crashes are counted: a duration with its unit.
   * @default "60s"
   */
  readonly within?: string;
}

/**
 * What the kernel allows each worker; `"off"` leaves what the daemon was started with. A breach ends that worker, or fails
 * the call that would be one, and nothing else: setrlimit(2).
 */
export interface Limits {
  /**
   * How much private writable memory a worker may have, what it has inherited included: a size with its unit.
   * @default "off"
   */
  readonly memory?: string;
  /**
   * How much processor time a worker may use: a duration, in whole seconds.
   * @default "off"
   */
  readonly cpu?: string;
  /**
   * How many descriptors a worker may have open.
   * @default "off"
   */
  readonly openFiles?: number | "off";
  /**
   * How large a file a worker may write: a size with its unit.
   * @default "off"
   */
  readonly fileSize?: string;
  /**
   * How many processes and threads the daemon's user may have when a worker starts another; without effect for root.
   * @default "off"
   */
  readonly processes?: number | "off";
  /**
   * How large a core dump a crashed worker may leave: a size with its unit.
   * @default "off"
   */
  readonly core?: string;
}

/** What {@link defineDaemon} returns, and what a module exports as its default. */
export interface Daemon extends DaemonOptions {
  readonly serve: ((connection: Connection) => void | Promise<void>) | CallableBlockingHandler;
  readonly [daemonBrand]: true;
}

/**
 * A handler that {@link blocking} has marked.
 *
 * Its type is not callable: beside a second call signature TypeScript could not tell what a plain `serve(connection)`
 * is given.
 */
export interface BlockingHandler {
  readonly [blockingBrand]: true;
}

/** Nothing. Where `void` alone is asked for TypeScript takes a function that returns anything, an `async` one too. */
type NoPromise = void | undefined;

/** A {@link BlockingHandler} as the worker sees it. */
export interface CallableBlockingHandler extends BlockingHandler {
  (connection: BlockingConnection): void;
}

/**
 * Says what a daemon does. A module that `forkd run` is given exports the result as its default.
 *
 * The options are checked when the daemon starts, not here.
 *
 * @example
 * ```ts
 * export default defineDaemon({
 *   listen: "127.0.0.1:1234",
 *   async serve(connection) {
 *     await connection.write("Hello\r\n");
 *   },
 * });
 * ```
 */
export function defineDaemon(options: DaemonOptions): Daemon {
  return Object.freeze({ ...options, [daemonBrand]: true }) as Daemon;
}

/**
 * Marks a handler as blocking: it is given a {@link BlockingConnection}, whose methods wait instead of returning
 * promises, and it runs without an event loop. It must not return a promise itself.
 */
export function blocking(handler: (connection: BlockingConnection) => NoPromise): BlockingHandler {
  const marked = (connection: BlockingConnection): void => handler(connection);
  return Object.freeze(Object.assign(marked, { [blockingBrand]: true as const }));
}

/** Whether a value is what {@link defineDaemon} returns, of whichever copy of forkd. */
export function isDaemon(value: unknown): value is Daemon {
  return typeof value === "object" && value !== null && Object.hasOwn(value, daemonBrand);
}

/** Whether a handler is what {@link blocking} returns, of whichever copy of forkd. */
export function isBlocking(handler: unknown): handler is CallableBlockingHandler {
  return typeof handler === "function" && Object.hasOwn(handler, blockingBrand);
}
