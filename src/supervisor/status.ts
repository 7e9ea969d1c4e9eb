import { readFileSync } from "node:fs";
import type { Drain, Status } from "../admin/api.ts";
import { readVersion } from "../version.ts";
import { native } from "../native.ts";
import type { Header } from "../scoreboard/header.ts";
import { outcomes } from "../scoreboard/states.ts";
import { connectionsOf } from "./connections.ts";
import type { Instance } from "./instance.ts";
import type { Service } from "./service.ts";
import type { Supervisor } from "./supervisor.ts";

/** What is to be known of the daemon, read off the scoreboard and the processes. */
export function statusOf(supervisor: Supervisor): Status {
  const { zygotes, state, parts, log, presence, service } = supervisor;
  const instance = presence.instance as Instance; // under which it was asked
  return {
    name: instance.name,
    pid: process.pid,
    state,
    generation: zygotes.current?.generation ?? zygotes.generation,
    since: instance.since,
    uptimeMs: Math.round(Date.now() - Date.parse(instance.since)),
    addresses: service?.addresses ?? [],
    module: parts.planner.module,
    engine: service?.engine ?? null,
    versions: { forkd: readVersion(), node: process.versions.node },
    workers: service === undefined ? null : workersOf(service),
    connections: { accepted: service?.header.accepted ?? 0, ended: endsOf(service?.header) },
    isReloading: supervisor.reloads.isRunning,
    upgrades: supervisor.succession.count,
    restarts: supervisor.crashes.count,
    memory: {
      supervisorBytes: residentOf(process.pid),
      zygoteBytes: zygotes.pids.reduce((sum, pid) => sum + residentOf(pid), 0),
    },
    lastError: log.lastError ?? null,
    drain: drainOf(supervisor),
    logFile: log.path ?? null,
  };
}

function endsOf(header: Header | undefined): Record<string, number> {
  const known = outcomes.filter((outcome) => outcome !== "none");
  return Object.fromEntries(known.map((outcome) => [outcome, header?.ended(outcome) ?? 0]));
}

function workersOf({ registry, slots, settings }: Service): Status["workers"] {
  const taken = registry.taken();
  return {
    idle: taken.filter((slot) => slots.isIdle(slot)).length,
    busy: taken.filter((slot) => slots.isBusy(slot)).length,
    max: settings.maxConnections,
  };
}

function drainOf({ state, drainsUntil, service }: Supervisor): Drain | null {
  if (state !== "draining" && state !== "stopping") return null;
  const ages = connectionsOf(service).map(({ ageMs }) => ageMs);
  const leftMs = Math.max(0, Math.round(drainsUntil - performance.now()));
  return { connections: ages.length, oldestMs: Math.max(0, ...ages), leftMs };
}

/** proc_pid_statm(5): the second number counts resident pages. */
function residentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * native.pageSize;
  } catch {
    return 0; // it has ended
  }
}
