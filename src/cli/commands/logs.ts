import { type Command, Option as Flag } from "commander";
import { logFileOf } from "../../admin/log-folder.ts";
import { ForkdError } from "../../errors.ts";
import { addForDaemon, type CommonOptions } from "../daemon-command.ts";
import { findDaemons, nameOf } from "../find-daemon.ts";
import { follow, lastLines } from "../log-reader.ts";
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
      const path = await findLog(name, options);
      const out = await printer(options);
      for (const line of lastLines(path, options.lines)) out(line);
      if (options.follow === true) await follow(path, out);
      finish(0);
    });
}

async function findLog(name: string | undefined, { runtimeDir }: LogsOptions): Promise<string> {
  const running = findDaemons(runtimeDir).filter((one) => name === undefined || one.name === nameOf(name));
  const [only, ...others] = running;
  if (others.length > 0 || (only === undefined && name === undefined)) {
    throw new ForkdError(
      "FORKD_E_NOT_RUNNING",
      others.length > 0
        ? `Several daemons run: say which of them is meant, ${running.map((one) => one.name).join(", ")}.`
        : "No daemon runs here: name the one whose log is to be read.",
    );
  }
  if (only === undefined) return logFileOf(nameOf(name ?? ""));
  const { logFile } = await only.client.status();
  if (logFile !== null) return logFile;
  throw new ForkdError("FORKD_E_USAGE", `The daemon ${only.name} logs to its standard error: it has no log file.`);
}

async function printer({ json }: LogsOptions): Promise<(line: string) => void> {
  if (json === true || !process.stdout.isTTY) return (line) => process.stdout.write(`${line}\n`);
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({ ignore: "pid,role,generation", translateTime: "SYS:HH:MM:ss.l", singleLine: true });
  return (line) => process.stdout.write(line.startsWith("{") ? pretty(line) : `${line}\n`);
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--lines must be a whole number up to 999999; received ${JSON.stringify(text)}.`,
  );
}
