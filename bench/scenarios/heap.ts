import { withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { forkColumns, measureForks } from "./forks.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { warmUpSeconds } from "./short-load.ts";

export const heap: Scenario = {
  name: "heap",
  title: "Short connections, 16 at a time, with a module that fills the heap",
  contestants: ["forkd-fresh-blocking", "forkd-fresh-async"],
  once: false,
  columns: forkColumns,
  expectedSeconds: ({ seconds, heaps }) =>
    heaps.reduce((sum, size) => sum + startSeconds + warmUpSeconds + seconds + size * 0.01, 0),
  measure,
};

async function measure(turn: Turn): Promise<Figures[]> {
  const found: Figures[] = [];
  for (const size of turn.amounts.heaps) {
    const variables = { BENCH_HEAP_MIB: String(size) };
    const figures = await withServer(turn.entry, turn.tools, (server) => measureForks(server, turn), variables);
    found.push({ variant: `${size} MiB`, figures });
  }
  return found;
}
