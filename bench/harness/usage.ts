import { readFileSync } from "node:fs";
import { descendantsOf } from "./processes.ts";
import type { Server } from "./server.ts";

/** Processor time in seconds, and the page faults that needed no disk. */
export interface Usage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly pageFaults: number;
}

/** What a server's processes used between two moments. */
export interface UsageBetween {
  /** Those that were there at both. */
  readonly parents: Usage;
  /** Those that came or went meanwhile. */
  readonly children: Usage;
}

interface ProcessUsage {
  readonly own: Usage;
  /** That of all its children that it has reaped. */
  readonly reaped: Usage;
}

// proc_pid_stat(5) counts in USER_HZ, which is 100 on every architecture that forkd runs on.
const ticksPerSecond = 100;

const nothing: Usage = { userSeconds: 0, systemSeconds: 0, pageFaults: 0 };

/** What each process of a server has used so far. */
export function usageOf({ leash }: Server): Map<number, ProcessUsage> {
  const found = new Map<number, ProcessUsage>();
  for (const pid of descendantsOf(leash)) {
    const usage = readUsage(pid);
    if (usage !== undefined) found.set(pid, usage);
  }
  return found;
}

/** Whose usage it was depends on who lived all the time. */
export function usageBetween(before: Map<number, ProcessUsage>, after: Map<number, ProcessUsage>): UsageBetween {
  let parents = nothing;
  let children = nothing;
  for (const [pid, { own, reaped }] of after) {
    const earlier = before.get(pid);
    if (earlier === undefined) children = sum(children, own, reaped);
    else {
      parents = sum(parents, difference(own, earlier.own));
      children = sum(children, difference(reaped, earlier.reaped));
    }
  }
  // What those had used by then that have been reaped since is not of this time.
  for (const [pid, { own, reaped }] of before)
    if (!after.has(pid)) children = difference(difference(children, own), reaped);
  return { parents, children };
}

function readUsage(pid: number): ProcessUsage | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [faults = 0, reapedFaults = 0, , , user = 0, system = 0, reapedUser = 0, reapedSystem = 0] = fields.slice(7);
  return { own: inSeconds(user, system, faults), reaped: inSeconds(reapedUser, reapedSystem, reapedFaults) };
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // it has ended
  }
}

function inSeconds(userTicks: number, systemTicks: number, pageFaults: number): Usage {
  return { userSeconds: userTicks / ticksPerSecond, systemSeconds: systemTicks / ticksPerSecond, pageFaults };
}

function sum(...usages: readonly Usage[]): Usage {
  return usages.reduce((all, { userSeconds, systemSeconds, pageFaults }) => ({
    userSeconds: all.userSeconds + userSeconds,
    systemSeconds: all.systemSeconds + systemSeconds,
    pageFaults: all.pageFaults + pageFaults,
  }));
}

function difference(later: Usage, earlier: Usage): Usage {
  return {
    userSeconds: later.userSeconds - earlier.userSeconds,
    systemSeconds: later.systemSeconds - earlier.systemSeconds,
    pageFaults: later.pageFaults - earlier.pageFaults,
  };
}
