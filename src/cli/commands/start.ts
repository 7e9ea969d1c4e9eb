import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Command, Option as Flag } from "commander";
import { flagOf, oppositeFlagOf } from "../../config/option-table.ts";
import type { OptionName, Sources } from "../../config/settings.ts";
import { addDaemonFlags, daemonFlags, type Given } from "../daemon-flags.ts";
import { addCommon, type CommonOptions, print } from "../daemon-command.ts";
import { startNotes } from "../help.ts";
import type { Finish } from "../program.ts";

const description = `Starts a daemon in the background: in a session of its own, without a terminal, with the working directory / (or
--directory) and umask 022.

It returns when the daemon serves, or says why it does not, with the status that \`forkd run\` would end with. From then
on the daemon's log goes to its log file alone: --log-file, or NAME.log in /var/log/forkd for root, in
$XDG_STATE_HOME/forkd for others.`;

/** The daemon's process was killed while it started. */
const endedBySignal = 111;

const forkd = fileURLToPath(new URL("../main.js", import.meta.url));

type StartOptions = Given & CommonOptions & { readonly directory: string };

export function addStart(program: Command, finish: Finish): void {
  const start = program
    .command("start")
    .summary("start a daemon in the background")
    .description(description)
    .argument("<MODULE>", "the file whose default export is what defineDaemon(…) returns");
  addCommon(addDaemonFlags(start))
    .addOption(new Flag("--directory <DIR>", "The daemon's working directory.").default("/").helpGroup("Start-up:"))
    .addHelpText("after", startNotes)
    .action(async (modulePath: string, options: StartOptions) => finish(await startDaemon(modulePath, options)));
}

async function startDaemon(modulePath: string, options: StartOptions): Promise<number> {
  process.umask(0o022);
  const args = [...process.execArgv, forkd, "run", resolve(modulePath), ...argumentsFor(options)];
  const daemon = spawn(process.execPath, args, {
    cwd: resolve(options.directory),
    detached: true, // setsid(2): a session of its own, with no terminal
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const { pid } = daemon;
  const end = once(daemon, "close") as Promise<[number | null]>; // when all of its standard error has come, too
  daemon.stderr?.pipe(process.stderr);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => daemon.kill(signal));
  const [name, ...addresses] = (await text(daemon.stdio[3] as Readable)).trimEnd().split("\n");
  if (!name) return (await end)[0] ?? endedBySignal;
  print({ name, pid, addresses }, options, () => `${name}: started, pid ${pid}, listening on ${addresses.join(", ")}`);
  return 0;
}

/** What `run` is to be told, with paths that mean the same in another folder. */
function argumentsFor(options: StartOptions): string[] {
  const runtimeDir = options.runtimeDir === undefined ? [] : ["--runtime-dir", resolve(options.runtimeDir)];
  return ["--detached", "--ready-fd", "3", ...runtimeDir, ...flagsAgain(daemonFlags(options))];
}

function flagsAgain(flags: Sources["flags"]): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = flagOf(name as OptionName);
    if (typeof value === "boolean") return [value ? flag : oppositeFlagOf(name as OptionName)];
    const texts = typeof value === "string" ? [value] : value;
    return texts.flatMap((given) => [flag, absolute(name, given)]);
  });
}

function absolute(option: string, given: string): string {
  if (option === "logFile" && given !== "off") return resolve(given);
  return option === "listen" && given.startsWith("unix:") ? `unix:${resolve(given.slice("unix:".length))}` : given;
}
