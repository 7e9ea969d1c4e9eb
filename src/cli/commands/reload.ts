import type { Command } from "commander";
import type { AdminClient } from "../../admin/client.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";

const description = `Has a daemon serve with its module and options as they are now.

The new code is loaded and tried beside the old. When it is ready it takes over: every connection that is accepted
after this command has returned is served by it, those under way finish on the old code, within drainTimeout. If
anything about the new code fails, the old goes on, and this command says what failed. Nobody is refused meanwhile.
Ctrl-C calls the reload off, as long as the new code is not ready.`;

export function addReload(program: Command, finish: Finish): void {
  addForDaemon(program, "reload", "serve with the module and options as they are now")
    .description(description)
    .action(async (name: string | undefined, options: CommonOptions) => {
      const { client } = daemonMeant(name, options);
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void callOff(client));
      const reloaded = await client.reload();
      print(reloaded, options, () => `${client.name}: generation ${reloaded.generation} serves`);
      finish(0);
    });
}

/** What becomes of the reload is told by its own answer. */
async function callOff(client: AdminClient): Promise<void> {
  await client.callOffReload().catch(({ message }: Error) => process.stderr.write(`forkd: ${message}\n`));
}
