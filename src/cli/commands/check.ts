import type { Command } from "commander";
import { formatAddress } from "../../config/address.ts";
import type { CheckResult } from "../../supervisor/check.ts";
import { type CommonOptions, jsonFlag, print } from "../daemon-command.ts";
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
    .addOption(jsonFlag());
  addDaemonFlags(check).action(async (modulePath: string, options: Given & CommonOptions) => {
    const { check: checkModule } = await import("../../supervisor/check.ts");
    const found = answer(await checkModule(modulePath, daemonFlags(options)));
    print(found, options, () => describe(modulePath, found));
    finish(0);
  });
}

interface Answer {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly unforkable?: string;
}

function answer({ settings: { name, listen }, ...reservation }: CheckResult): Answer {
  return { name, addresses: listen.map(formatAddress), ...reservation };
}

function describe(modulePath: string, { name, addresses, unforkable }: Answer): string {
  const reservation = unforkable === undefined ? "" : `; workers would be spawned, for ${unforkable}`;
  return `${modulePath}: fit to serve as ${name} on ${addresses.join(", ")}${reservation}`;
}
