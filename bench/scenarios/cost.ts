import { everybody } from "../contestants/all.ts";
import { runShort } from "../harness/load.ts";
import { type Server, withServer } from "../harness/server.ts";
import { countSystemCalls } from "../harness/system-calls.ts";
import { usageBetween, usageOf } from "../harness/usage.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { runShortFor, warm, warmUpSeconds } from "./short-load.ts";

const traced = { light: 500, heavy: 20 };

// Some let the kernel reap their children, which is quickest, and leaves nobody who knows what those have used.
const whoReaps = { BENCH_REAP: "1" };

export const cost: Scenario = {
  name: "cost",
  title: "What a connection costs, 16 at a time: processor time, page faults, system calls",
  contestants: everybody,
  once: false,
  columns: [
    { head: "CPU µs", figure: "cpuMicroseconds", digits: 0, compared: "by ratio" },
    { head: "parents: user", figure: "parentUser", digits: 0 },
    { head: "system", figure: "parentSystem", digits: 0 },
    { head: "children: user", figure: "childUser", digits: 0 },
    { head: "system", figure: "childSystem", digits: 0 },
    { head: "page faults", figure: "pageFaults", digits: 1 },
    { head: "system calls", figure: "systemCalls", digits: 1 },
  ],
  expectedSeconds: ({ seconds, rounds }) => startSeconds + warmUpSeconds + seconds + 1.5 / rounds,
  measure: (turn) => withServer(turn.entry, turn.tools, (server) => measure(server, turn), whoReaps),
};

async function measure(server: Server, turn: Turn): Promise<Figures[]> {
  const figures = { ...(await measureUsage(server, turn)), ...(await measureSystemCalls(server, turn)) };
  return [{ variant: "each", figures }];
}

async function measureUsage(server: Server, turn: Turn): Promise<Figures["figures"]> {
  await warm(server, turn, 16);
  const before = usageOf(server);
  const { connections } = await runShortFor(server, turn, 16);
  const { parents, children } = usageBetween(before, usageOf(server));
  const microseconds = (seconds: number) => (seconds / connections) * 1e6;
  const parentUser = microseconds(parents.userSeconds);
  const parentSystem = microseconds(parents.systemSeconds);
  const childUser = microseconds(children.userSeconds);
  const childSystem = microseconds(children.systemSeconds);
  return {
    cpuMicroseconds: parentUser + parentSystem + childUser + childSystem,
    parentUser,
    parentSystem,
    childUser,
    childSystem,
    pageFaults: (parents.pageFaults + children.pageFaults) / connections,
  };
}

/** One at a time, so that the count is the same each time; in the first round only, for the same reason. */
async function measureSystemCalls(server: Server, { tools, round }: Turn): Promise<Figures["figures"]> {
  if (tools.strace === undefined || round > 1) return {};
  const connections = traced[server.contestant.weight];
  const calls = await countSystemCalls(tools.strace, tools, server, () =>
    runShort(tools, server.port, { connections, concurrency: 1, seconds: 60 }),
  );
  return { systemCalls: calls / connections };
}
