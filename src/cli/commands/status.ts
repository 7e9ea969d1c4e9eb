import type { Command } from "commander";
import type { Status } from "../../admin/api.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";
import { count, duration, size, table } from "../words.ts";

export function addStatus(program: Command, finish: Finish): void {
  addForDaemon(program, "status", "show what a daemon does")
    .description("Shows what a daemon does, and what became of its connections.")
    .action(async (name: string | undefined, options: CommonOptions) => {
      const status = await daemonMeant(name, options).client.status();
      print(status, options, () => describe(status));
      finish(0);
    });
}

function describe(status: Status): string {
  const { workers, connections, memory, lastError, versions } = status;
  const ends = Object.entries(connections.ended).filter(([, number]) => number > 0);
  return table([
    [status.name, `${status.state}, pid ${status.pid}, for ${duration(status.uptimeMs)}`],
    ["addresses", status.addresses.join(", ")],
    ["module", `${status.module}, generation ${status.generation}`],
    ...(workers === null ? [] : [["workers", describeWorkers(workers, status.engine)]]),
    ["connections", `${connections.accepted} accepted`],
    ...ends.map(([reason, number]) => ["", `${number} ${reason}`]),
    ["zygote", `replaced ${count(status.restarts, "time")} after a crash`],
    ["memory", `supervisor ${size(memory.supervisorBytes)}, zygote ${size(memory.zygoteBytes)}`],
    ["last error", lastError === null ? "none" : `${lastError.message} (${lastError.time})`],
    ["log", status.logFile ?? "standard error"],
    ["versions", `forkd ${versions.forkd}, Node ${versions.node}`],
  ]);
}

function describeWorkers({ busy, idle, max }: NonNullable<Status["workers"]>, engine: Status["engine"]): string {
  return `${busy} busy, ${idle} idle, at most ${max} busy; ${workersAre[engine ?? "fork"]}`;
}

const workersAre = { fork: "forked", spawn: "spawned" } as const;
