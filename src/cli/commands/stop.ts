import { type Command, Option as Flag } from "commander";
import { endByForce } from "../../admin/force.ts";
import { ForkdError } from "../../errors.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Found } from "../find-daemon.ts";
import type { Finish } from "../program.ts";
import { Stopping } from "../stopping.ts";
import { count } from "../words.ts";

const description = `Stops a daemon, and returns when every process of it is gone.

It accepts nobody any more, and the connections under way have drainTimeout to finish; what is left then is killed. What
is waited for is shown meanwhile. With --now nothing is waited for; a daemon that has not stopped 10 s later, for it
hangs, is killed with all that it has.`;

interface StopOptions extends CommonOptions {
  readonly now?: true;
}

export function addStop(program: Command, finish: Finish): void {
  addForDaemon(program, "stop", "stop a daemon, after its connections")
    .description(description)
    .addOption(new Flag("--now", "kill what is left at once"))
    .action(async (name: string | undefined, options: StopOptions) => {
      const found = daemonMeant(name, options);
      const end = await stop(found, options);
      print({ name: found.name, pid: found.holder.pid, ...end }, options, () => describe(found.name, end));
      finish(0);
    });
}

interface End {
  /** How many connections were there when time was up; null if nobody could say. */
  readonly cut: number | null;
  /** Whether it had to be killed, for it did not answer. */
  readonly killed: boolean;
}

async function stop({ client }: Found, { now, json }: StopOptions): Promise<End> {
  try {
    const cut = await new Stopping(client, { now: now === true, isSilent: json === true }).toEnd();
    return { cut, killed: false };
  } catch (error) {
    if (!now || !(error instanceof ForkdError) || error.code !== "FORKD_E_HUNG") throw error;
    await endByForce(client.name, client.folder);
    return { cut: null, killed: true };
  }
}

function describe(name: string, { cut, killed }: End): string {
  if (killed) return `${name}: killed, with all that it had, for it did not stop by itself`;
  return `${name}: stopped${cut ? `, cutting off ${count(cut, "connection")}` : ""}`;
}
