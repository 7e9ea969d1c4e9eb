import { everybody } from "../contestants/all.ts";
import { withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { runShortFor, shortColumns, shortFigures, warm, warmUpSeconds } from "./short-load.ts";

// 256 Nodes that start at once take longer than a client waits.
const mostHeavy = 64;

export const short: Scenario = {
  name: "short",
  title: "Short connections, so many at a time",
  contestants: everybody,
  once: false,
  columns: shortColumns,
  expectedSeconds: ({ seconds, concurrencies }) => startSeconds + concurrencies.length * (warmUpSeconds + seconds),
  measure,
};

function measure(turn: Turn): Promise<Figures[]> {
  return withServer(turn.entry, turn.tools, async (server) => {
    const found: Figures[] = [];
    for (const concurrency of concurrenciesOf(turn)) {
      await warm(server, turn, concurrency);
      const load = await runShortFor(server, turn, concurrency);
      found.push({ variant: `${concurrency} at a time`, figures: shortFigures(load) });
    }
    return found;
  });
}

function concurrenciesOf({ entry, amounts }: Turn): number[] {
  return amounts.concurrencies.filter((each) => entry.contestant.weight === "light" || each <= mostHeavy);
}
