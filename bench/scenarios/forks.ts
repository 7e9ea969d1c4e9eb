import type { Server } from "../harness/server.ts";
import { usageBetween, usageOf } from "../harness/usage.ts";
import type { Figures } from "../results.ts";
import type { Column, Turn } from "./scenario.ts";
import { runShortFor, shortColumns, shortFigures, warm } from "./short-load.ts";

/** What is shown where the question is whether forks stay as quick as they were. */
export const forkColumns: readonly Column[] = [
  ...shortColumns.filter(({ figure }) => figure !== "clientCpu"),
  { head: "fork µs", figure: "forkMicroseconds", digits: 0, compared: "by ratio" },
];

const concurrency = 16;

/**
 * Short connections, and how long a fork takes: the processor time that a connection costs those processes that are there
 * all the time, which do little but fork and reap.
 */
export async function measureForks(server: Server, turn: Turn): Promise<Figures["figures"]> {
  await warm(server, turn, concurrency);
  const before = usageOf(server);
  const load = await runShortFor(server, turn, concurrency);
  const { parents } = usageBetween(before, usageOf(server));
  const forkMicroseconds = ((parents.userSeconds + parents.systemSeconds) / load.connections) * 1e6;
  return { ...shortFigures(load), forkMicroseconds };
}
