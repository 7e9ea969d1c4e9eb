import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, Option as Flag } from "commander";
import { addDaemonFlags, daemonFlags, type Given } from "../daemon-flags.ts";
import { type CommonOptions, jsonFlag, print } from "../daemon-command.ts";
import { say } from "../output.ts";
import type { Finish } from "../program.ts";
import { absoluteFlags, flagsAgain } from "../start-arguments.ts";
import { serviceUnit } from "../unit/service-unit.ts";
import { socketUnit } from "../unit/socket-unit.ts";

const description = `Prints a unit by which systemd runs the daemon, with the options given here; its first line says where it belongs.

With --socket it prints the unit of its sockets instead: systemd opens them, and starts the daemon for the first client.
The module is loaded as by \`forkd check\`, for its name, its addresses and its timeouts.`;

const notes = `
Examples:
  forkd unit greeter.ts --listen :1234 > /etc/systemd/system/greeter.service
  forkd unit greeter.ts --listen :1234 --socket > /etc/systemd/system/greeter.socket
  systemctl daemon-reload
`;

const forkd = fileURLToPath(new URL("../main.js", import.meta.url));

type UnitOptions = Given & Pick<CommonOptions, "json"> & { readonly user?: string; readonly socket?: true };

export function addUnit(program: Command, finish: Finish): void {
  const unit = program
    .command("unit")
    .summary("print a systemd unit")
    .description(description)
    .argument("<MODULE>", "the file whose default export is what defineDaemon(…) returns")
    .addOption(jsonFlag())
    .addOption(new Flag("--socket", "print the socket unit"))
    .addOption(new Flag("--user <NAME>", "the user it runs as; one that systemd makes if not given (DynamicUser)"));
  addDaemonFlags(unit)
    .addHelpText("after", notes)
    .action(async (modulePath: string, options: UnitOptions) => {
      const text = await unitOf(modulePath, options);
      if (options.json === true) print({ unit: text }, options, () => text);
      else say(text);
      finish(0);
    });
}

async function unitOf(modulePath: string, options: UnitOptions): Promise<string> {
  const { check } = await import("../../supervisor/check.ts");
  const flags = absoluteFlags(daemonFlags(options));
  forgetVariables();
  const { settings } = await check(modulePath, flags);
  if (options.socket === true) return socketUnit(settings);
  const command = [process.execPath, ...process.execArgv, forkd, "run", resolve(modulePath), ...flagsAgain(flags)];
  return serviceUnit({ settings, command, user: options.user });
}

/** The daemon will not have them: what holds is what the unit says. */
function forgetVariables(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("FORKD_")) delete process.env[name];
}
