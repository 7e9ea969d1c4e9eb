import type { ChildProcess } from "node:child_process";
import { end, start, waitForLine } from "./processes.ts";
import type { Tools } from "./tools.ts";

/** What the client for short connections (load/short.c) reports: rates in connections/s, latencies in milliseconds. */
export interface ShortLoad {
  /** How many were answered rightly. */
  readonly connections: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The processor time of the client itself. */
  readonly cpuSeconds: number;
  readonly errors: Errors;
  /** How many were answered in each tenth of a second. */
  readonly ticks: readonly number[];
}

/** What the client for long connections (load/stream.c) reports. */
export interface StreamLoad {
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  /** Of answers; as much goes the other way. */
  readonly megabytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly errors: Errors;
}

/** How many connections failed, by the way they did. */
export type Errors = Readonly<Record<string, number>>;

/** How much load: no connection is opened any more once either limit is reached. */
export interface Amount {
  readonly connections: number;
  /** How many connections are open at a time. */
  readonly concurrency: number;
  readonly seconds: number;
}

/** More connections than can be served in the time that a measurement takes: the time is what ends it. */
export const unlimited = 1_000_000;

export const tickSeconds = 0.1;

// Longer than the clients wait for an answer.
const patienceSeconds = 15;

/** Opens one short connection after another to a port, and returns what was seen. */
export async function runShort(tools: Tools, port: number, amount: Amount): Promise<ShortLoad> {
  const { connections, concurrency, seconds } = amount;
  return JSON.parse(await runClient(tools, tools.short, [port, connections, concurrency, seconds], seconds));
}

/** Sends lines of `size` bytes on long connections, up to `window` of them under way on each, and returns what was seen. */
export async function runStream(
  tools: Tools,
  port: number,
  { connections, size, window, seconds }: { connections: number; size: number; window: number; seconds: number },
): Promise<StreamLoad> {
  return JSON.parse(await runClient(tools, tools.stream, [port, connections, size, window, seconds], seconds));
}

/** Holds connections open, each of which has exchanged one line, while `use` looks at the server. */
export async function holdConnections<T>(
  tools: Tools,
  port: number,
  count: number,
  use: () => T | Promise<T>,
): Promise<T> {
  const seconds = 300;
  if (count === 0) return await use();
  const client = startClient(tools, tools.hold, [port, count, seconds]);
  try {
    await waitForLine(client, 1, seconds);
    return await use();
  } finally {
    await end(client);
  }
}

export function countErrors(errors: Errors): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

async function runClient(tools: Tools, program: string, args: readonly number[], seconds: number): Promise<string> {
  const client = startClient(tools, program, args);
  try {
    return await waitForLine(client, 1, seconds + patienceSeconds);
  } finally {
    await end(client);
  }
}

function startClient({ leash }: Tools, program: string, args: readonly number[]): ChildProcess {
  return start(leash, program, args.map(String), { stdio: ["pipe", "pipe", "inherit"] });
}
