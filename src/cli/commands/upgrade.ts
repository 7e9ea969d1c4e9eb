import { resolve } from "node:path";
import { type Command, Option as Flag } from "commander";
import { ownProgram } from "../../supervisor/becoming.ts";
import { addForDaemon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";
import { serveAnew } from "../serve-anew.ts";

const description = `Has a daemon's supervisor become another program, and nobody is refused meanwhile: this forkd, on this Node.

It is tried first, as by \`forkd check\`. Then the supervisor's process becomes the other program, with the same pid, the
listening sockets, the lock and the workers. Those serve on, until a zygote of the new one has taken over, and then
finish as after a reload. The module and options are those that there are now, too.`;

export function addUpgrade(program: Command, finish: Finish): void {
  addForDaemon(program, "upgrade", "replace forkd, or Node, under a daemon that serves")
    .description(description)
    .addOption(new Flag("--node <PATH>", "another Node than the one that runs this command"))
    .action(async (name: string | undefined, options: CommonOptions & { readonly node?: string }) => {
      const found = daemonMeant(name, options);
      const own = ownProgram();
      const next = { ...own, node: resolve(options.node ?? own.node) };
      const after = await serveAnew(found, (client) => client.upgrade(next));
      const { forkd, node } = after.versions;
      print(
        after,
        options,
        () => `${found.name}: forkd ${forkd} on Node ${node} serves, generation ${after.generation}`,
      );
      finish(0);
    });
}
