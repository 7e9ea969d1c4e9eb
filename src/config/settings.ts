import type { ListenAddress } from "./address.ts";

/**
 * The options of a daemon, resolved: nothing missing, nothing left to parse. Durations are milliseconds, sizes bytes; 0 is
 * off. A limit that is off is -1, a file that is off an empty path.
 */
export interface Settings {
  readonly name: string;
  readonly listen: readonly ListenAddress[];
  readonly backlog: number;
  readonly maxConnections: number;
  readonly spareWorkers: number;
  readonly connectionsPerWorker: number;
  readonly idleTimeout: number;
  readonly sessionTimeout: number;
  readonly drainTimeout: number;
  readonly startTimeout: number;
  readonly heartbeatTimeout: number;
  readonly "restart.maxCrashes": number;
  readonly "restart.within": number;
  readonly rotateInterval: number;
  readonly engine: "auto" | "fork" | "spawn";
  readonly allowUnsafeFork: boolean;
  readonly "limits.memory": number;
  readonly "limits.cpu": number;
  readonly "limits.openFiles": number;
  readonly "limits.fileSize": number;
  readonly "limits.processes": number;
  readonly "limits.core": number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly connectionLog: boolean;
  readonly anonymizePeers: boolean;
  readonly logFile: string;
  readonly logFormat: "json" | "pretty";
}

/** The name of an option that flags and variables can set; before a dot stands the object that it is in, in the module. */
export type OptionName = keyof Settings;

/** Which source an option's value comes from. */
export type Origin = "flag" | "variable" | "module" | "default";

/** Where each option's value comes from. */
export type Origins = Readonly<Record<OptionName, Origin>>;

/** Everything that has a say in the settings. */
export interface Sources {
  /** What the command line gives, by the option's name; a switch's flag is true, its opposite false. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** The environment; only what begins with `FORKD_` counts. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The module's options as `describeOptions` describes them. */
  readonly module: Readonly<Record<string, unknown>>;
  readonly modulePath: string;
  readonly stderrIsTerminal: boolean;
  /** Whether the daemon is what its container, or its machine, lives for. */
  readonly isProcessOne: boolean;
}
