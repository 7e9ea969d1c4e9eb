import { Command, Option as Flag } from "commander";
import { fallbackInWords, flagOf, type Option, optionNames, optionTable, variableOf } from "../config/option-table.ts";
import type { OptionName } from "../config/settings.ts";
import { programNotes, runNotes } from "./help.ts";
import { parseReadyFd } from "./ready-fd.ts";
import { readVersion } from "./version.ts";

/** What `forkd run` was told. `flags` holds what the options' flags were given, by the option's name. */
export interface RunRequest {
  readonly modulePath: string;
  readonly flags: Record<string, string | string[]>;
  readonly readyFd?: number;
}

/** The commands, as commander knows them. */
export function createProgram(onRun: (request: RunRequest) => Promise<void>): Command {
  const program = new Command("forkd")
    .description("Serves every connection in a process of its own.")
    .version(readVersion(), "--version", "print the version")
    .helpOption("--help", "print this help")
    .addHelpText("after", programNotes)
    .exitOverride()
    // Mistakes are told by whoever catches them, all in one way.
    .configureOutput({ outputError: () => {} });
  addRun(program, onRun);
  return program;
}

function addRun(program: Command, onRun: (request: RunRequest) => Promise<void>): void {
  const run = program
    .command("run")
    .summary("run a daemon in the foreground")
    .description("Runs a daemon in the foreground until it is told to stop.")
    .argument("<MODULE>", "the file whose default export is what defineDaemon(…) returns");
  for (const name of optionNames) run.addOption(optionFlag(name));
  run
    .addOption(readyFdFlag())
    .addHelpText("after", runNotes)
    .action((modulePath: string, options: Record<string, string | string[]> & { readyFd?: number }) => {
      const { readyFd, ...flags } = options;
      return onRun({ modulePath, flags, ...(readyFd !== undefined && { readyFd }) });
    });
}

function optionFlag(name: OptionName): Flag {
  const option: Option<unknown> = optionTable[name];
  const { group, meaning, kind } = option;
  const facts = [`Takes ${kind.rule}.`, `Default: ${fallbackInWords(option)}.`, `Variable: ${variableOf(name)}.`];
  const description = [meaning, ...facts].join("\n");
  const flag = new Flag(`${flagOf(name)} <${kind.placeholder}>`, description).helpGroup(`${group}:`);
  return kind.several ? flag.argParser(collect) : flag;
}

function readyFdFlag(): Flag {
  const meaning =
    "When the daemon is ready, write a line for each address it listens on to this descriptor and close it.";
  return new Flag("--ready-fd <N>", `${meaning}\nTakes an open descriptor from 3 up.`)
    .helpGroup("Start-up:")
    .argParser(parseReadyFd);
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
