/** How an engine is soaked. */
export interface Terms {
  /** Of the connections that were asked for. */
  readonly share: number;
  readonly maxConnections: number;
  readonly spares: number;
  /** Clients. */
  readonly atOnce: number;
  /** Connections before anything is compared: heaps have their size then. */
  readonly warmUp: number;
  /** Longer than it takes to have `maxConnections` workers. */
  readonly idleTimeout: string;
  /** Of so many connections one is followed by the death of a worker. */
  readonly workerKilledEvery: number;
}

/** A fresh Node takes a hundred times as long to come as a forked one. */
export const terms = {
  fork: {
    share: 1,
    maxConnections: 64,
    spares: 8,
    atOnce: 32,
    warmUp: 200,
    idleTimeout: "10s",
    workerKilledEvery: 150,
  },
  spawn: {
    share: 1 / 50,
    maxConnections: 12,
    spares: 4,
    atOnce: 6,
    warmUp: 20,
    idleTimeout: "15s",
    workerKilledEvery: 15,
  },
} as const satisfies Record<string, Terms>;

export type Engine = keyof typeof terms;

export const engines = Object.keys(terms) as Engine[];
