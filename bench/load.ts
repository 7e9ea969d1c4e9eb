import type { ChildProcess } from "node:child_process";
import { end, start, waitForLine } from "./processes.ts";
import type { Tools } from "./tools.ts";

/** What the load generator (load.c) reports: rates in connections/s, latencies in milliseconds. */
export interface Load {
  /** How many were answered rightly. */
  readonly connections: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The CPU time of the load generator itself. */
  readonly cpuSeconds: number;
  readonly errors: Readonly<Record<string, number>>;
  /** The rate of each 1,000 connections, in their order. */
  readonly slices: readonly number[];
}

/** How much load: no connection is opened any more once either limit is reached. */
export interface Amount {
  readonly connections: number;
  /** How many connections are open at a time. */
  readonly concurrency: number;
  readonly seconds: number;
}

// Longer than the load generator waits for an answer.
const patienceSeconds = 15;

/** Puts load on a port and returns what was seen. */
export async function runLoad(tools: Tools, port: number, amount: Amount): Promise<Load> {
  const { connections, concurrency, seconds } = amount;
  const load = startLoad(tools, ["run", port, connections, concurrency, seconds]);
  try {
    const report: Load = JSON.parse(await waitForLine(load, 1, seconds + patienceSeconds));
    return report;
  } finally {
    await end(load);
  }
}

/** Holds connections open, each of which has exchanged one line, while `use` looks at the server. */
export async function holdConnections<T>(tools: Tools, port: number, count: number, use: () => T): Promise<T> {
  const seconds = 60;
  const load = startLoad(tools, ["hold", port, count, seconds]);
  try {
    await waitForLine(load, 1, seconds);
    return use();
  } finally {
    await end(load);
  }
}

function startLoad({ leash, load }: Tools, args: readonly (string | number)[]): ChildProcess {
  return start(leash, load, args.map(String), { stdio: ["pipe", "pipe", "inherit"] });
}
