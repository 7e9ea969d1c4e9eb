import type { Command } from "commander";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";

const description = `Has a daemon serve with its module and options as they are now.

The new code is loaded and tried beside the old. When it is ready it takes over: every connection that is accepted
after this command has returned is served by it, those under way finish on the old code, within drainTimeout. If
anything about the new code fails, the old goes on, and this command says what failed. Nobody is refused meanwhile.`;

export function addReload(program: Command, finish: Finish): void {
  addForDaemon(program, "reload", "serve with the module and options as they are now")
    .description(description)
    .action(async (name: string | undefined, options: CommonOptions) => {
      const { client } = daemonMeant(name, options);
      const reloaded = await client.reload();
      print(reloaded, options, () => `${client.name}: generation ${reloaded.generation} serves`);
      finish(0);
    });
}
