import { type Command, Option as Flag } from "commander";
import { logFileOf } from "../../admin/log-folder.ts";
import { ForkdError } from "../../errors.ts";
import { addForDaemon, type CommonOptions } from "../daemon-command.ts";
import { findCandidates, type Found, nameOf, severalRun } from "../find-daemon.ts";
import { LogTail } from "../log-tail.ts";
import { say } from "../output.ts";
import type { Finish } from "../program.ts";

const description = `Prints the end of a daemon's log file, as people read it on a terminal, as it is elsewhere and with --json.

It also finds the log of a daemon that has ended, if it was logged to the default file. A daemon that was started by
\`forkd run\` without --log-file logs to standard error, and has no file.`;

interface LogsOptions extends CommonOptions {
  readonly follow?: true;
  readonly lines: number;
}

export function addLogs(program: Command, finish: Finish): void {
  addForDaemon(program, "logs", "print a daemon's log")
    .description(description)
    .addOption(new Flag("-f, --follow", "go on with what comes, until Ctrl-C; through rotations, too"))
    .addOption(new Flag("-n, --lines <N>", "how many lines of what is there").default(20).argParser(parseCount))
    .action(async (name: string | undefined, options: LogsOptions) => {
      const log = new LogTail(await findLog(name, options));
      const print = await printer(options);
      for (const line of log.lastLines(options.lines)) print(line);
      if (options.follow === true) await log.follow(print);
      finish(0);
    });
}

async function findLog(name: string | undefined, { runtimeDir }: LogsOptions): Promise<string> {
  const candidates = findCandidates(name, runtimeDir);
  const [only, ...others] = candidates;
  if (others.length > 0) throw severalRun(candidates);
  if (only !== undefined) return logOf(only);
  if (name !== undefined) return logFileOf(nameOf(name));
  throw new ForkdError("FORKD_E_NOT_RUNNING", "No daemon runs here: name the one whose log is to be read.");
}

async function logOf({ name, client }: Found): Promise<string> {
  const { logFile } = await client.status();
  if (logFile !== null) return logFile;
  throw new ForkdError(
    "FORKD_E_USAGE",
    `The daemon ${name} has no log file: it logs to its standard error, or is starting. It gets one with --log-file.`,
  );
}

async function printer({ json }: LogsOptions): Promise<(line: string) => void> {
  if (json === true || !process.stdout.isTTY) return (line) => say(`${line}\n`);
  const { loadPrettifier } = await import("../../supervisor/pretty-lines.ts");
  const pretty = await loadPrettifier();
  return (line) => say(pretty(line));
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--lines must be a whole number up to 999999; received ${JSON.stringify(text)}.`,
  );
}
