import { type Command, Option as Flag } from "commander";
import type { SuperviseRequest } from "../../supervisor/main.ts";
import { addDaemonFlags, daemonFlags, type Given, runtimeDirFlag } from "../daemon-flags.ts";
import { runNotes } from "../help.ts";
import type { Finish } from "../program.ts";
import { parseReadyFd } from "../ready-fd.ts";

type RunOptions = Given & { readonly readyFd?: number; readonly runtimeDir?: string; readonly detached?: true };

export function addRun(program: Command, finish: Finish): void {
  const run = program
    .command("run")
    .summary("run a daemon in the foreground")
    .description("Runs a daemon in the foreground until it is told to stop.")
    .argument("<MODULE>", "the file whose default export is what defineDaemon(…) returns");
  addDaemonFlags(run)
    .addOption(runtimeDirFlag())
    .addOption(readyFdFlag())
    .addOption(
      new Flag("--json", "Print what keeps it from starting as JSON, to standard output.").helpGroup("Start-up:"),
    )
    .addOption(new Flag("--detached", "What `forkd start` starts.").hideHelp())
    .addHelpText("after", runNotes)
    .action(async (modulePath: string, options: RunOptions) => {
      const { supervise } = await import("../../supervisor/main.ts");
      finish(await supervise(requestOf(modulePath, options)));
    });
}

/** What the command line asks for. */
export function requestOf(modulePath: string, options: RunOptions): SuperviseRequest {
  const { readyFd, runtimeDir, detached } = options;
  return {
    modulePath,
    flags: daemonFlags(options),
    ...(readyFd !== undefined && { readyFd }),
    ...(runtimeDir !== undefined && { runtimeDir }),
    ...(detached && { isDetached: true }),
  };
}

function readyFdFlag(): Flag {
  const meaning =
    "When the daemon is ready, write a line for each address it listens on to this descriptor and close it.";
  return new Flag("--ready-fd <N>", `${meaning}\nTakes an open descriptor from 3 up.`)
    .helpGroup("Start-up:")
    .argParser(parseReadyFd);
}
