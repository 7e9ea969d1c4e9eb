import { type Command, Option as Flag } from "commander";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";
import { serveAnew } from "../serve-anew.ts";

const description = `Stops a daemon after its connections, and starts it again: the same process, command line, environment and folder.
It is tried first, as by \`forkd check\`: if that fails the daemon goes on untouched, and this command says what failed.
Clients are refused meanwhile; \`forkd reload\` refuses nobody.`;

export function addRestart(program: Command, finish: Finish): void {
  addForDaemon(program, "restart", "stop a daemon and start it again")
    .description(description)
    .addOption(new Flag("--now", "kill what is left at once"))
    .action(async (name: string | undefined, options: CommonOptions & { readonly now?: true }) => {
      const found = daemonMeant(name, options);
      const after = await serveAnew(found, (client) => client.restart(options.now === true));
      const addresses = after.addresses.join(", ");
      print(after, options, () => `${after.name}: started again, pid ${after.pid}, listening on ${addresses}`);
      finish(0);
    });
}
