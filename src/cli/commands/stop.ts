import { type Command, Option as Flag } from "commander";
import type { Drain } from "../../admin/api.ts";
import { findHolder } from "../../admin/pid-file.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Found } from "../find-daemon.ts";
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
      const found = daemonMeant(name, options);
      await found.client.stop(options.now === true);
      const cut = await waitUntilGone(found);
      print({ name: found.name, pid: found.holder.pid, cut }, options, () => describe(found.name, cut));
      finish(0);
    });
}

/** Who is seen so shortly before the end of a drain, in ms, is taken to be there at the end. */
const lastLook = 500;

/** How many connections were there when time was up. */
async function waitUntilGone({ client }: Found): Promise<number> {
  const progress = new Progress();
  let last: Drain | undefined;
  await waitFor(async () => {
    if (findHolder(client.folder.pidFile) === undefined) return true;
    const status = await client.status().catch(() => undefined); // it may be about to be gone
    last = status?.drain ?? last;
    if (last !== undefined) progress.show(`${client.name}: ${describeDrain(last)}`);
    return undefined;
  });
  progress.end();
  return last === undefined || last.left > lastLook ? 0 : last.connections;
}

const describeDrain = ({ connections, oldest, left }: Drain): string =>
  connections === 0
    ? "waiting for its processes to end"
    : `waiting for ${count(connections, "connection")}, the oldest ${duration(oldest)} old; ${duration(left)} left`;

function describe(name: string, cut: number): string {
  const loss = cut === 0 ? "" : `; ${count(cut, "connection")} did not finish within drainTimeout`;
  return `${name}: stopped${loss}`;
}
