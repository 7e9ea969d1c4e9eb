import { countErrors, runShort, tickSeconds } from "../harness/load.ts";
import { type Server, withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";

const comparedShare = 0.1;
const mostSeconds = 300;

export const decay: Scenario = {
  name: "decay",
  title: "The rates of the first and of the last tenth of many forks, 16 at a time",
  contestants: ["forkd-fresh-blocking", "forkd-fresh-async", "c-fork"],
  once: true,
  columns: [
    { head: "first/s", figure: "first", digits: 0 },
    { head: "last/s", figure: "last", digits: 0 },
    { head: "last/first", figure: "kept", digits: 2, compared: "as it is" },
    { head: "errors", figure: "errors", digits: 0, of: "sum" },
  ],
  expectedSeconds: ({ forks }) => startSeconds + forks / 2500,
  measure: (turn) => withServer(turn.entry, turn.tools, (server) => measure(server, turn)),
};

async function measure({ port }: Server, { tools, amounts: { forks } }: Turn): Promise<Figures[]> {
  await runShort(tools, port, { connections: forks * 0.01, concurrency: 16, seconds: mostSeconds });
  const load = await runShort(tools, port, { connections: forks, concurrency: 16, seconds: mostSeconds });
  const errors = countErrors(load.errors);
  if (load.connections + errors < forks) throw new Error(`Only ${load.connections} were served in ${mostSeconds} s.`);
  const compared = load.connections * comparedShare;
  const first = compared / secondsUntil(compared, load.ticks);
  const unused = load.ticks.length * tickSeconds - load.seconds; // of the last tick
  const last = compared / (secondsUntil(compared, load.ticks.toReversed()) - unused);
  return [{ variant: `${forks} forks`, figures: { first, last, kept: last / first, errors } }];
}

/** When so many had been answered, within a tick as if they had come evenly. */
function secondsUntil(connections: number, ticks: readonly number[]): number {
  let missing = connections;
  const full = ticks.findIndex((count) => (missing -= count) <= 0);
  return (full + 1 + missing / (ticks[full] ?? 1)) * tickSeconds;
}
