import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Command, Option as Flag } from "commander";
import { ForkdError } from "../../errors.ts";
import { native } from "../../native.ts";
import { describeErrno } from "../../system-error.ts";
import { addDaemonFlags, daemonFlags, type Given } from "../daemon-flags.ts";
import { addCommon, type CommonOptions, print } from "../daemon-command.ts";
import { startNotes } from "../help.ts";
import type { Finish } from "../program.ts";
import { argumentsAgain, variablesAgain } from "../start-arguments.ts";

const description = `Starts a daemon in the background: in a session of its own, without a terminal, with the working directory / (or
--directory) and umask 022.

It returns when the daemon serves, or says why it does not, with the status that \`forkd run\` would end with. From then
on the daemon's log goes to its log file alone: --log-file, or NAME.log in /var/log/forkd for root, in
$XDG_STATE_HOME/forkd for others.`;

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
  const args = argumentsAgain(modulePath, options.runtimeDir, daemonFlags(options));
  const env = variablesAgain(process.env);
  enter(options.directory);
  process.umask(0o022);
  native.closeOnExecFrom(3); // nothing of the caller's is held open
  const daemon = spawn(
    process.execPath,
    [...process.execArgv, forkd, "run", "--detached", "--ready-fd", "3", ...(options.json ? ["--json"] : []), ...args],
    {
      env,
      detached: true, // setsid(2): a session of its own, with no terminal
      stdio: ["ignore", options.json ? "pipe" : "ignore", "pipe", "pipe"], // it tells of an error as it is told to
    },
  );
  // When all of its standard error has come, too.
  const end = new Promise<[number | null, NodeJS.Signals | null]>((ended) =>
    daemon.once("close", (...how) => ended(how)),
  );
  await once(daemon, "spawn");
  daemon.stderr?.pipe(process.stderr);
  daemon.stdout?.pipe(process.stdout, { end: false });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => daemon.kill(signal));
  const [name, ...addresses] = (await text(daemon.stdio[3] as Readable)).trimEnd().split("\n");
  if (!name) return statusOfFailure(...(await end));
  const { pid } = daemon;
  print({ name, pid, addresses }, options, () => `${name}: started, pid ${pid}, listening on ${addresses.join(", ")}`);
  return 0;
}

/** It becomes the daemon's: paths mean something else from now on. */
function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    const isNone = code === "ENOENT" || code === "ENOTDIR";
    const rule = isNone ? "must be a folder that is there" : "must be a folder that this user may enter";
    throw new ForkdError(
      isNone ? "FORKD_E_USAGE" : "FORKD_E_SYSTEM",
      `--directory ${rule}; received ${JSON.stringify(directory)}: ${describeErrno(errno)}.`,
    );
  }
}

/** The daemon itself has said what is wrong, unless somebody else has ended it. */
function statusOfFailure(status: number | null, signal: NodeJS.Signals | null): number {
  if (status === 0) throw new ForkdError("FORKD_E_STOPPING", "The daemon was told to stop before it was ready.");
  if (status !== null) return status;
  throw new ForkdError("FORKD_E_SYSTEM", `The daemon's process was killed by ${signal} before it was ready.`);
}
