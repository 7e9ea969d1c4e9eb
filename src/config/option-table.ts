/**
 * The options of a daemon: the one place that says what each means, what it takes and what it is when nobody says.
 * Validation, flags, variables and `--help` are made from this table, and a test holds docs/options.md equal to it.
 */
import { parse } from "node:path";
import {
  addresses,
  daemonName,
  duration,
  fileOrOff,
  type Kind,
  oneOf,
  size,
  wholeNumber,
  wholeNumberOrOff,
  yesOrNo,
} from "./kinds.ts";
import { mostConnections } from "../scoreboard/capacity.ts";
import type { OptionName, Settings, Sources } from "./settings.ts";

/** An option that the module, a flag or a variable can set. */
export interface Option<T> {
  readonly group: OptionGroup;
  readonly meaning: string;
  readonly kind: Kind<T>;
  /** A value as a module would give it, or what makes one of the circumstances. */
  readonly fallback: Value | { readonly words: string; readonly choose: Choose };
  readonly example: Value;
}

/** An option that is a function, so that only the module can set it. */
export interface FunctionOption {
  readonly meaning: string;
  readonly rule: string;
  readonly required: boolean;
}

/** `given` answers what another option is given, of whichever source. */
type Choose = (sources: Sources, given: (name: OptionName) => unknown) => Value;

type Value = boolean | number | string | readonly string[];
type OptionGroup =
  | "Name and addresses"
  | "Connections and workers"
  | "Time limits"
  | "Supervision"
  | "Forking"
  | "Limits of each worker"
  | "Log";

export const optionTable: { readonly [Name in OptionName]: Option<Settings[Name]> } = {
  name: {
    group: "Name and addresses",
    meaning: "What the daemon is called in logs and by commands.",
    kind: daemonName,
    fallback: {
      words: "the module's file name without its extension",
      choose: ({ modulePath }) => parse(modulePath).name,
    },
    example: "greeter",
  },
  listen: {
    group: "Name and addresses",
    meaning: "Where the daemon listens.",
    kind: addresses,
    fallback: "127.0.0.1:1234",
    example: ["127.0.0.1:1234", "unix:/run/greeter.sock"],
  },
  backlog: {
    group: "Name and addresses",
    meaning: "How many clients the kernel queues while nobody accepts; it cuts this at net.core.somaxconn.",
    kind: wholeNumber(1, 1_000_000),
    fallback: 4096,
    example: 1024,
  },
  maxConnections: {
    group: "Connections and workers",
    meaning: "How many connections are served at once; further clients wait in the backlog.",
    kind: wholeNumber(1, mostConnections),
    fallback: 100,
    example: 500,
  },
  spareWorkers: {
    group: "Connections and workers",
    meaning: "How many idle workers are kept forked and waiting; never more than maxConnections leaves room for.",
    kind: wholeNumber(1, mostConnections),
    fallback: 8,
    example: 24,
  },
  connectionsPerWorker: {
    group: "Connections and workers",
    meaning: "How many connections a worker serves, one after another, before it exits; 1 gives each a fresh process.",
    kind: wholeNumber(1, 1_000_000),
    fallback: 1,
    example: 100,
  },
  idleTimeout: {
    group: "Time limits",
    meaning: "How long a connection may stay without a byte in either direction.",
    kind: duration({ off: true }),
    fallback: "60s",
    example: "10s",
  },
  sessionTimeout: {
    group: "Time limits",
    meaning: "How long a connection may last altogether.",
    kind: duration({ off: true }),
    fallback: "off",
    example: "1h",
  },
  drainTimeout: {
    group: "Time limits",
    meaning: "How long connections may take to finish once the daemon stops; then their workers are killed.",
    kind: duration(),
    fallback: {
      words: '"30s", or "8s" for process 1 of a container, which has 10 seconds as a rule',
      choose: ({ isProcessOne }) => (isProcessOne ? "8s" : "30s"),
    },
    example: "5s",
  },
  startTimeout: {
    group: "Supervision",
    meaning: "How long it may take from starting a zygote until the first of its workers waits for connections.",
    kind: duration(),
    fallback: "60s",
    example: "10s",
  },
  heartbeatTimeout: {
    group: "Supervision",
    meaning: "How long the zygote may give no sign of life before it is killed and replaced.",
    kind: duration({ off: true }),
    fallback: "10s",
    example: "30s",
  },
  "restart.maxCrashes": {
    group: "Supervision",
    meaning: "How many crashes of the zygote within restart.within make forkd give up, with status 1.",
    kind: wholeNumber(1, 1_000_000),
    fallback: 5,
    example: 20,
  },
  "restart.within": {
    group: "Supervision",
    meaning: "The time in which restart.maxCrashes are counted.",
    kind: duration(),
    fallback: "60s",
    example: "10m",
  },
  rotateInterval: {
    group: "Supervision",
    meaning:
      "How often at most the zygote is replaced by a fresh one, with another address-space layout, after a worker " +
      "has crashed.",
    kind: duration({ off: true }),
    fallback: "60s",
    example: "5m",
  },
  engine: {
    group: "Forking",
    meaning: "How workers come to be: forked from the zygote, or spawned as fresh Node processes.",
    kind: oneOf("ENGINE", ["auto", "fork", "spawn"]),
    fallback: "auto",
    example: "spawn",
  },
  allowUnsafeFork: {
    group: "Forking",
    meaning: "Whether to fork although the module has left sockets, timers, threads or the like open.",
    kind: yesOrNo,
    fallback: false,
    example: true,
  },
  "limits.memory": {
    group: "Limits of each worker",
    meaning: "How much private writable memory a worker may have, what it has inherited included (RLIMIT_DATA).",
    kind: size,
    fallback: "off",
    example: "256MiB",
  },
  "limits.cpu": {
    group: "Limits of each worker",
    meaning: "How much processor time a worker may use, in whole seconds (RLIMIT_CPU).",
    kind: duration({ off: true, wholeSeconds: true }),
    fallback: "off",
    example: "10s",
  },
  "limits.openFiles": {
    group: "Limits of each worker",
    meaning: "How many descriptors a worker may have open (RLIMIT_NOFILE).",
    kind: wholeNumberOrOff(16, 1_000_000),
    fallback: "off",
    example: 64,
  },
  "limits.fileSize": {
    group: "Limits of each worker",
    meaning: "How large a file a worker may write (RLIMIT_FSIZE).",
    kind: size,
    fallback: "off",
    example: "10MiB",
  },
  "limits.processes": {
    group: "Limits of each worker",
    meaning: "How many processes and threads the daemon's user may have when a worker starts another (RLIMIT_NPROC).",
    kind: wholeNumberOrOff(1, 4_000_000),
    fallback: "off",
    example: 200,
  },
  "limits.core": {
    group: "Limits of each worker",
    meaning: "How large a core dump a crashed worker may leave (RLIMIT_CORE).",
    kind: size,
    fallback: "off",
    example: "0B",
  },
  logLevel: {
    group: "Log",
    meaning: "The least important messages that are logged.",
    kind: oneOf("LEVEL", ["debug", "info", "warn", "error"]),
    fallback: "info",
    example: "debug",
  },
  connectionLog: {
    group: "Log",
    meaning: "Whether each connection that ends as usual is logged, at the level info; others always are.",
    kind: yesOrNo,
    fallback: true,
    example: false,
  },
  anonymizePeers: {
    group: "Log",
    meaning: "Whether the addresses of clients are shortened in the log, to /24 or, for IPv6, /48.",
    kind: yesOrNo,
    fallback: false,
    example: true,
  },
  logFile: {
    group: "Log",
    meaning: "The file that the log is appended to, instead of stderr; SIGUSR1 has it opened anew.",
    kind: fileOrOff,
    fallback: "off",
    example: "/var/log/greeter.log",
  },
  logFormat: {
    group: "Log",
    meaning: "How a log message is written: for programs or for people.",
    kind: oneOf("FORMAT", ["json", "pretty"]),
    fallback: {
      words: '"pretty" when the log goes to a terminal, else "json"',
      choose: ({ stderrIsTerminal }, given) => (stderrIsTerminal && given("logFile") === "off" ? "pretty" : "json"),
    },
    example: "json",
  },
};

export const functionOptions = {
  serve: {
    meaning: "Serves one connection, in a process that serves nobody else meanwhile.",
    rule: "a function of the connection, plain or in blocking(…)",
    required: true,
  },
  beforeFork: {
    meaning: "Runs once, after the module is loaded and before the first worker is forked. It must leave nothing open.",
    rule: "a function",
    required: false,
  },
  afterFork: {
    meaning: "Runs in each worker before its first connection: the place to open what a worker needs.",
    rule: "a function",
    required: false,
  },
} as const satisfies Record<string, FunctionOption>;

export const optionNames = Object.keys(optionTable) as readonly OptionName[];

/** The flag of an option: `--max-connections`. */
export function flagOf(name: OptionName): string {
  return `--${name.replace(".", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flag that switches an option off: `--no-connection-log`. */
export const oppositeFlagOf = (name: OptionName): string => flagOf(name).replace("--", "--no-");

/** The environment variable of an option: `FORKD_MAX_CONNECTIONS`. */
export function variableOf(name: OptionName): string {
  return `FORKD_${name
    .replace(".", "_")
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}

/** The default of an option, in words. */
export function fallbackInWords({ fallback }: Pick<Option<unknown>, "fallback">): string {
  return typeof fallback === "object" && "words" in fallback ? fallback.words : JSON.stringify(fallback);
}
