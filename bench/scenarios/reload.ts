import { setTimeout as wait } from "node:timers/promises";
import { countErrors, runShort, tickSeconds, unlimited } from "../harness/load.ts";
import { childrenOf, isAlive } from "../harness/processes.ts";
import { type Server, withServer } from "../harness/server.ts";
import { median } from "../harness/statistics.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { warm, warmUpSeconds } from "./short-load.ts";

const secondsBefore = 2;
const secondsAfter = 3;
const mostSeconds = 20;

export const reload: Scenario = {
  name: "reload",
  title: "A reload under load, 16 at a time: how many are answered in the worst tenth of a second",
  contestants: ["forkd-fresh-blocking", "forkd-fresh-async", "forkd-reused-blocking", "forkd-reused-async"],
  once: false,
  columns: [
    { head: "worst before, of the median", figure: "worstBefore", digits: 2, compared: "as it is" },
    { head: "worst after", figure: "worstAfter", digits: 2, compared: "as it is" },
    { head: "service lost, ms", figure: "lostMs", digits: 0 },
    { head: "reload took ms", figure: "tookMs", digits: 0 },
    { head: "max ms", figure: "max", digits: 1, of: "most" },
    { head: "errors", figure: "errors", digits: 0, of: "sum" },
  ],
  expectedSeconds: () => startSeconds + warmUpSeconds + secondsBefore + secondsAfter,
  measure: (turn) => withServer(turn.entry, turn.tools, (server) => measure(server, turn)),
};

async function measure(server: Server, turn: Turn): Promise<Figures[]> {
  await warm(server, turn, 16);
  const amount = { connections: unlimited, concurrency: 16, seconds: secondsBefore + secondsAfter };
  const [load, tookMs] = await Promise.all([runShort(turn.tools, server.port, amount), reloadSoon(server)]);
  const ticks = load.ticks.slice(0, (secondsBefore + secondsAfter) / tickSeconds);
  const before = ticks.slice(1, secondsBefore / tickSeconds); // the first one is spent on getting under way
  const after = ticks.slice(secondsBefore / tickSeconds);
  const usual = median(before);
  const figures = {
    worstBefore: Math.min(...before) / usual,
    worstAfter: Math.min(...after) / usual,
    lostMs: after.reduce((sum, count) => sum + Math.max(0, 1 - count / usual), 0) * tickSeconds * 1000,
    tookMs,
    max: load.max,
    errors: countErrors(load.errors),
  };
  return [{ variant: `${secondsBefore} s into the load`, figures, timeline: ticks.map((count) => count / usual) }];
}

/** Tells the supervisor to reload, and returns how many milliseconds passed until the zygote of before was gone. */
async function reloadSoon({ leash }: Server): Promise<number> {
  const [supervisor] = childrenOf(leash.pid);
  const [zygote] = childrenOf(supervisor);
  if (supervisor === undefined || zygote === undefined) throw new Error("It has no supervisor or no zygote.");
  await wait(secondsBefore * 1000);
  const started = performance.now();
  process.kill(supervisor, "SIGHUP");
  while (isAlive(zygote)) {
    if (performance.now() - started > mostSeconds * 1000) throw new Error(`It took over ${mostSeconds} s to reload.`);
    await wait(20);
  }
  return performance.now() - started;
}
