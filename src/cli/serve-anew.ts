import { readFileSync } from "node:fs";
import type { Status } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";
import type { Found } from "./find-daemon.ts";
import { Progress } from "./progress.ts";
import { waitFor } from "./waiting.ts";

/**
 * Waits until a daemon serves whose process has begun anew.
 * @throws ForkdError `FORKD_E_NOT_RUNNING` if that process has ended, `FORKD_E_UPGRADE` if it is as before
 */
export async function serveAnew({ name, holder, client }: Found, isAnew: (status: Status) => boolean): Promise<Status> {
  const progress = new Progress();
  const served = await waitFor(async () => {
    const status = await client.status().catch(() => undefined);
    if (status === undefined && hasEnded(holder.pid)) throw endedInstead(name);
    progress.show(`${name}: ${status?.state ?? "starting"}`);
    return status?.state === "serving" && !status.isReloading ? status : undefined;
  });
  progress.end();
  if (served !== undefined && isAnew(served)) return served;
  throw new ForkdError("FORKD_E_UPGRADE", `The daemon ${name} serves as it did before: its log says why.`);
}

/** Gone, or a zombie: proc_pid_stat(5). */
function hasEnded(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

const endedInstead = (name: string): ForkdError =>
  new ForkdError("FORKD_E_NOT_RUNNING", `The daemon ${name} has ended, and not started again: its log says why.`);
