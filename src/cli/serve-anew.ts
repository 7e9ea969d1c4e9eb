import { dirname } from "node:path";
import type { Status } from "../admin/api.ts";
import type { AdminClient } from "../admin/client.ts";
import { stateOf } from "../admin/process-state.ts";
import { waitFor } from "../admin/waiting.ts";
import { ForkdError } from "../errors.ts";
import { type Found, findDaemons } from "./find-daemon.ts";
import { Progress } from "./progress.ts";

/**
 * Has a daemon's process begin anew, as another program or as itself, and waits until it serves.
 * @param ask - What has it do so.
 * @throws ForkdError what it is refused with; `FORKD_E_NOT_RUNNING` if that process has ended, `FORKD_E_UPGRADE` if it is as
 * before, `FORKD_E_HUNG`
 */
export async function serveAnew(found: Found, ask: (client: AdminClient) => Promise<unknown>): Promise<Status> {
  const { name, holder, client } = found;
  const before = await client.status();
  await ask(client);
  const progress = new Progress();
  const after = await waitFor(async () => {
    const status = await (renamed(found) ?? client).status().catch(undefinedIfDeaf);
    if (status === undefined) refuseUnlessAlive(holder.pid, client, before);
    progress.show(`${name}: ${status?.state ?? "starting"}`, false);
    return status?.state === "serving" && !status.isReloading ? status : undefined;
  });
  progress.end();
  if (after !== undefined && isAnew(after, before)) return after;
  throw new ForkdError("FORKD_E_UPGRADE", `The daemon ${name} serves as it did before: ${logOf(before)} says why.`);
}

const logOf = ({ logFile }: Status): string => `its log${logFile === null ? "" : `, ${logFile},`}`;

/** Its module, which it has loaded anew, may call it otherwise now. */
function renamed({ holder, client }: Found): AdminClient | undefined {
  return findDaemons(dirname(client.folder.path)).find((one) => one.holder.pid === holder.pid)?.client;
}

function undefinedIfDeaf(error: ForkdError): undefined {
  if (error.code !== "FORKD_E_NOT_RUNNING") throw error;
}

function refuseUnlessAlive(pid: number, { name, hung }: AdminClient, before: Status): void {
  const state = stateOf(pid);
  if (state === "T") throw hung;
  if (state === "" || state === "Z" || state === "X")
    throw new ForkdError(
      "FORKD_E_NOT_RUNNING",
      `The daemon ${name} has ended, and not started again: ${logOf(before)} says why.`,
    );
}

const isAnew = (after: Status, before: Status): boolean =>
  after.since !== before.since || after.upgrades > before.upgrades;
