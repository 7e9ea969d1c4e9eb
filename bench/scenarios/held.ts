import { holdConnections } from "../harness/load.ts";
import { withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { forkColumns, measureForks } from "./forks.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { warmUpSeconds } from "./short-load.ts";

export const held: Scenario = {
  name: "held",
  title: "Short connections, 16 at a time, while others are held open",
  contestants: ["forkd-fresh-blocking", "forkd-fresh-async", "c-fork", "python-fork"],
  once: false,
  columns: forkColumns,
  expectedSeconds: ({ seconds, held: counts }) =>
    counts.reduce((sum, count) => sum + startSeconds + warmUpSeconds + seconds + count * 0.0015, 0),
  measure,
};

async function measure(turn: Turn): Promise<Figures[]> {
  const found: Figures[] = [];
  for (const count of turn.amounts.held) {
    const figures = await withServer(turn.entry, turn.tools, (server) =>
      holdConnections(turn.tools, server.port, count, () => measureForks(server, turn)),
    );
    found.push({ variant: `${count} held`, figures });
  }
  return found;
}
