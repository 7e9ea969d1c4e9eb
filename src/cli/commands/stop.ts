import { type Command, Option as Flag } from "commander";
import type { Drain } from "../../admin/api.ts";
import type { AdminClient } from "../../admin/client.ts";
import { watchHolder } from "../../admin/holder-watch.ts";
import type { ForkdError } from "../../errors.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";
import { Progress } from "../progress.ts";
import { waitFor } from "../waiting.ts";
import { count, duration } from "../words.ts";

const description = `Stops a daemon, and returns when every process of it is gone.

It accepts nobody any more, and the connections under way have drainTimeout to finish; what is left then is killed.
With --now nothing is waited for.`;

export function addStop(program: Command, finish: Finish): void {
  addForDaemon(program, "stop", "stop a daemon, after its connections")
    .description(description)
    .addOption(new Flag("--now", "kill what is left at once"))
    .action(async (name: string | undefined, options: CommonOptions & { now?: true }) => {
      const { client, holder } = daemonMeant(name, options);
      const hasEnded = watchHolder(client.folder.pidFile);
      const seen = await tell(client, options.now === true, hasEnded);
      const cut = await waitUntil(hasEnded, client, seen);
      print({ name: client.name, pid: holder.pid, cut }, options, () => describe(client.name, cut));
      finish(0);
    });
}

/** What was seen of a drain, and by the clock of `performance.now()`, until when it lasts. */
interface Seen extends Drain {
  readonly until: number;
}

/** One that is not ready yet cannot be told. */
async function tell(client: AdminClient, now: boolean, hasEnded: () => boolean): Promise<Seen | undefined> {
  let seen: Seen | undefined;
  await waitFor(async () => {
    if (hasEnded()) return true;
    const status = await client.stop(now).catch(undefinedIfDeaf);
    seen = seenNow(status?.drain);
    return status && true;
  });
  return seen;
}

function undefinedIfDeaf(error: ForkdError): undefined {
  if (error.code !== "FORKD_E_NOT_RUNNING") throw error;
}

/** How many connections were there when time was up. */
async function waitUntil(hasEnded: () => boolean, client: AdminClient, told: Seen | undefined): Promise<number> {
  const progress = new Progress();
  let last = told;
  await waitFor(async () => {
    if (hasEnded()) return true;
    if (last !== undefined) progress.show(`${client.name}: ${describeDrain(last)}`);
    const status = await client.status().catch(undefinedIfDeaf); // it may be about to be gone
    last = followedBy(last, seenNow(status?.drain));
    return undefined;
  });
  progress.end();
  return last === undefined || performance.now() < last.until ? 0 : last.connections;
}

const seenNow = (drain: Drain | null | undefined): Seen | undefined =>
  drain ? { ...drain, until: performance.now() + drain.left } : undefined;

/** Once time is up they become fewer because they are cut off. */
function followedBy(last: Seen | undefined, next: Seen | undefined): Seen | undefined {
  if (last === undefined || next === undefined) return next ?? last;
  return next.left > 0 ? next : { ...last, left: 0, until: Math.min(last.until, next.until) };
}

const describeDrain = ({ connections, oldest, left }: Drain): string =>
  connections === 0
    ? "waiting for its processes to end"
    : `waiting for ${count(connections, "connection")}, the oldest ${duration(oldest)} old; ${duration(left)} left`;

const describe = (name: string, cut: number): string =>
  `${name}: stopped${cut === 0 ? "" : `, cutting off ${count(cut, "connection")}`}`;
