import type { Command } from "commander";
import type { ConnectionInfo } from "../../admin/api.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";
import { duration, size, table } from "../words.ts";

export function addConnections(program: Command, finish: Finish): void {
  addForDaemon(program, "connections", "list the connections that are being served")
    .description("Lists the connections that are being served, the oldest first.")
    .action(async (name: string | undefined, options: CommonOptions) => {
      const connections = await daemonMeant(name, options).client.connections();
      const sorted = connections.toSorted((one, other) => other.ageMs - one.ageMs);
      print(sorted, options, () => describe(sorted));
      finish(0);
    });
}

function describe(connections: readonly ConnectionInfo[]): string {
  if (connections.length === 0) return "No connection is being served.";
  return table([
    ["ID", "PID", "PEER", "AGE", "IDLE", "IN", "OUT", "STATE"],
    ...connections.map(({ id, pid, peer, ageMs, idleMs, bytesIn, bytesOut, state }) => [
      id,
      String(pid),
      peer,
      duration(ageMs),
      idleMs === null ? "?" : duration(idleMs),
      size(bytesIn),
      size(bytesOut),
      state,
    ]),
  ]);
}
