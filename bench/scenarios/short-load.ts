import { countErrors, runShort, type ShortLoad, unlimited } from "../harness/load.ts";
import type { Server } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import type { Column, Turn } from "./scenario.ts";

/** What it takes to compile code, fill caches, and let a pool find its size. */
const warmUp = { connections: 1000, seconds: 0.5 };
export const warmUpSeconds = warmUp.seconds;

/** What is shown of short connections. */
export const shortColumns: readonly Column[] = [
  { head: "connections/s", figure: "perSecond", digits: 0, compared: "by ratio" },
  { head: "p50 ms", figure: "p50", digits: 2 },
  { head: "p99 ms", figure: "p99", digits: 2 },
  { head: "p99.9 ms", figure: "p999", digits: 2 },
  { head: "max ms", figure: "max", digits: 1, of: "most" },
  { head: "client CPU %", figure: "clientCpu", digits: 0 },
  { head: "errors", figure: "errors", digits: 0, of: "sum" },
];

export async function warm({ port }: Server, { tools }: Turn, concurrency: number): Promise<void> {
  await runShort(tools, port, { ...warmUp, concurrency });
}

/** Puts short connections on a server, so many at a time, for as long as a measurement takes. */
export function runShortFor({ port }: Server, { tools, amounts }: Turn, concurrency: number): Promise<ShortLoad> {
  return runShort(tools, port, { connections: unlimited, concurrency, seconds: amounts.seconds });
}

export function shortFigures(load: ShortLoad): Figures["figures"] {
  const { perSecond, p50, p99, p999, max, seconds, cpuSeconds } = load;
  const clientCpu = seconds > 0 ? (cpuSeconds / seconds) * 100 : 0;
  return { perSecond, p50, p99, p999, max, clientCpu, errors: countErrors(load.errors) };
}
