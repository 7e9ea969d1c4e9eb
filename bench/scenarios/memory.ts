import { contestants } from "../contestants/all.ts";
import { holdConnections } from "../harness/load.ts";
import { holdersOf, memoryOf, memoryOfAll } from "../harness/memory.ts";
import { type Server, withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";

// While they hold a connection these are what others are that take part.
const sameAsOthers = ["forkd-reused-blocking", "forkd-reused-async"];

// A thousand Nodes would need the memory of a large machine.
const mostHeavy = 100;

export const memory: Scenario = {
  name: "memory",
  title: "Memory of idle connections",
  contestants: contestants.map(({ name }) => name).filter((name) => !sameAsOthers.includes(name)),
  once: true,
  columns: [
    { head: "private MiB each", figure: "privateMiB", digits: 3, compared: "by ratio" },
    { head: "PSS MiB each", figure: "pssMiB", digits: 3, compared: "by ratio" },
    { head: "PSS MiB of all processes", figure: "totalMiB", digits: 0 },
  ],
  expectedSeconds: ({ idle }) => idle.reduce((sum, count) => sum + startSeconds + count * 0.01, 0),
  measure,
};

async function measure(turn: Turn): Promise<Figures[]> {
  const found: Figures[] = [];
  for (const count of turn.amounts.idle.filter((each) => turn.entry.contestant.weight === "light" || each <= mostHeavy))
    found.push(await withServer(turn.entry, turn.tools, (server) => measureIdle(server, turn, count)));
  return found;
}

/** The memory of those that hold the connections, or, where processes are shared, by which all have grown. */
async function measureIdle(server: Server, { tools }: Turn, count: number): Promise<Figures> {
  const shared = server.contestant.process === "shared";
  const before = shared ? memoryOfAll(server) : { privateKiB: 0, pssKiB: 0 };
  return await holdConnections(tools, server.port, count, () => {
    const holders = holdersOf(server);
    if (!shared) requireHolders(holders.length, count);
    const all = memoryOfAll(server);
    const during = shared ? all : memoryOf(holders);
    const each = (after: number, earlier: number) => (after - earlier) / count / 1024;
    const privateMiB = each(during.privateKiB, before.privateKiB);
    const pssMiB = each(during.pssKiB, before.pssKiB);
    return { variant: `${count} idle`, figures: { privateMiB, pssMiB, totalMiB: all.pssKiB / 1024 } };
  });
}

function requireHolders(found: number, expected: number): void {
  if (found !== expected)
    throw new Error(`${expected} connections should be held by as many of its processes, but ${found} hold them.`);
}
