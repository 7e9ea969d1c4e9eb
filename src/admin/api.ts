/** What a daemon answers on its admin socket: HTTP, in JSON. Names end in the unit: ms, or bytes. */

/** `GET /status` */
export interface Status {
  readonly name: string;
  /** The supervisor's. */
  readonly pid: number;
  readonly state: string;
  readonly generation: number;
  /** ISO 8601. */
  readonly since: string;
  readonly uptimeMs: number;
  readonly addresses: readonly string[];
  readonly module: string;
  /** Null until the module is loaded; so are the workers. */
  readonly engine: "fork" | "spawn" | null;
  /** Of forkd, and of Node. */
  readonly versions: { readonly forkd: string; readonly node: string };
  readonly workers: { readonly idle: number; readonly busy: number; readonly max: number } | null;
  /** Since the supervisor started: how many were accepted, and how many of them ended for which reason. */
  readonly connections: { readonly accepted: number; readonly ended: Readonly<Record<string, number>> };
  /** Whether another generation gets ready, or old code may still accept a connection. */
  readonly isReloading: boolean;
  /** How often the supervisor has become another program. */
  readonly upgrades: number;
  /** How often the zygote had to be replaced because it had died. */
  readonly restarts: number;
  /** Resident, of the supervisor and its zygotes. */
  readonly memory: { readonly supervisorBytes: number; readonly zygoteBytes: number };
  readonly lastError: LastError | null;
  /** While it drains. */
  readonly drain: Drain | null;
  /** Where the log goes, null if to standard error. */
  readonly logFile: string | null;
}

export interface LastError {
  readonly time: string;
  readonly message: string;
}

export interface Drain {
  readonly connections: number;
  /** The age of the oldest one. */
  readonly oldestMs: number;
  /** Until what is left is killed. */
  readonly leftMs: number;
}

/** `GET /connections` answers a list of these. */
export interface ConnectionInfo {
  readonly id: string;
  /** Of its worker. */
  readonly pid: number;
  readonly peer: string;
  readonly ageMs: number;
  /** Since the last byte in either direction; null if `idleTimeout` is off. */
  readonly idleMs: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly generation: number;
  readonly state: "busy" | "draining";
}

/** What a request that cannot be fulfilled is answered, with a status from 400 up. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The stack of the user's own error, where there is one. */
  readonly stack?: string;
}

/** `POST /reload` */
export interface Reloaded {
  readonly generation: number;
}

/** What a daemon runs on: `POST /upgrade` says what it is to become. */
export interface Program {
  /** A Node. */
  readonly node: string;
  /** forkd's command. */
  readonly forkd: string;
}
