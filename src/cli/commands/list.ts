import type { Command } from "commander";
import type { Status } from "../../admin/api.ts";
import { addCommon, type CommonOptions, print } from "../daemon-command.ts";
import { type Found, findDaemons } from "../find-daemon.ts";
import type { Finish } from "../program.ts";
import { duration, table } from "../words.ts";

export function addList(program: Command, finish: Finish): void {
  addCommon(program.command("list").summary("list the daemons that run"))
    .description("Lists the daemons that run, with what each does.")
    .action(async (options: CommonOptions) => {
      const statuses = await Promise.all(findDaemons(options.runtimeDir).map(statusOrPid));
      print(statuses, options, () => describe(statuses));
      finish(0);
    });
}

/** Whoever looks for one daemon is not to wait long for another that hangs; in ms. */
const listPatience = 2000;

type Listed = Pick<Status, "name" | "pid" | "state"> & Partial<Status>;

/** One that listens, as its lock's file tells, and answers nobody, does not get on. */
async function statusOrPid({ name, holder: { pid, addresses }, client }: Found): Promise<Listed> {
  const state = addresses.length === 0 ? "starting" : "not answering";
  return client.status(listPatience).catch(() => ({ name, pid, state }));
}

function describe(statuses: readonly Listed[]): string {
  if (statuses.length === 0) return "No daemon runs.";
  return table([
    ["NAME", "PID", "STATE", "BUSY", "FOR", "ADDRESSES"],
    ...statuses.map(({ name, pid, state, workers, uptimeMs, addresses = [] }) => [
      name,
      String(pid),
      state,
      !workers ? "" : `${workers.busy}/${workers.max}`,
      uptimeMs === undefined ? "" : duration(uptimeMs),
      addresses.join(", "),
    ]),
  ]);
}
