import { type Command, Option as Flag } from "commander";
import type { CheckResult } from "../../supervisor/check.ts";
import { type CommonOptions, print } from "../daemon-command.ts";
import { addDaemonFlags, daemonFlags, type Given } from "../daemon-flags.ts";
import type { Finish } from "../program.ts";

const description = `Does with a module and its options all that comes before the first connection, and says what is wrong, with the
status that \`forkd run\` would end with: loads it, runs beforeFork, looks for what must not be open, tries a worker. It
listens nowhere, and may be run beside the daemon.`;

export function addCheck(program: Command, finish: Finish): void {
  const check = program
    .command("check")
    .summary("find out whether a module would serve")
    .description(description)
    .argument("<MODULE>", "the file whose default export is what defineDaemon(…) returns")
    .addOption(new Flag("--json", "print the answer as JSON, for programs"));
  addDaemonFlags(check).action(async (modulePath: string, options: Given & CommonOptions) => {
    const { check: checkModule } = await import("../../supervisor/check.ts");
    const result = await checkModule(modulePath, daemonFlags(options));
    print(result, options, () => describe(modulePath, result));
    finish(0);
  });
}

function describe(modulePath: string, { name, addresses, unforkable }: CheckResult): string {
  const reservation = unforkable === undefined ? "" : `; workers would be spawned, for ${unforkable}`;
  return `${modulePath}: fit to serve as ${name} on ${addresses.join(", ")}${reservation}`;
}
