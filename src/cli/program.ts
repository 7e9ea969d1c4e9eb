import { Command, Option as Flag } from "commander";
import {
  fallbackInWords,
  flagOf,
  type Option,
  optionNames,
  oppositeFlagOf,
  optionTable,
  variableOf,
} from "../config/option-table.ts";
import type { OptionName } from "../config/settings.ts";
import { programNotes, runNotes } from "./help.ts";
import { parseReadyFd } from "./ready-fd.ts";
import { readVersion } from "./version.ts";

/** What `forkd run` was told. `flags` holds what the options' flags were given, by the option's name. */
export interface RunRequest {
  readonly modulePath: string;
  readonly flags: Record<string, string | boolean | string[]>;
  readonly readyFd?: number;
}

/** The commands, as commander knows them. */
export function createProgram(onRun: (request: RunRequest) => Promise<void>): Command {
  const program = new Command("forkd")
    .description("Serves every connection in a process of its own.")
    .version(readVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
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
  const flags = new Map(optionNames.flatMap((name) => optionFlags(name).map((flag) => [flag, name] as const)));
  for (const flag of flags.keys()) run.addOption(flag);
  run
    .addOption(readyFdFlag())
    .addHelpText("after", runNotes)
    .action((modulePath: string, { readyFd, ...given }: Given & { readyFd?: number }) => {
      const names = [...flags].map(([flag, name]) => [name, given[flag.attributeName()]] as const);
      const flagsGiven = Object.fromEntries(names.filter(([, value]) => value !== undefined)) as Given;
      return onRun({ modulePath, flags: flagsGiven, ...(readyFd !== undefined && { readyFd }) });
    });
}

type Given = Record<string, string | boolean | string[]>;

function optionFlags(name: OptionName): Flag[] {
  const option: Option<unknown> = optionTable[name];
  const { group, meaning, kind } = option;
  const facts = [`Takes ${kind.rule}.`, `Default: ${fallbackInWords(option)}.`, `Variable: ${variableOf(name)}.`];
  const description = [meaning, ...facts].join("\n");
  const value = kind.isSwitch ? "" : ` <${kind.placeholder}>`;
  const flag = new Flag(`${flagOf(name)}${value}`, description).helpGroup(`${group}:`);
  if (kind.several) flag.argParser(collect);
  const opposite = new Flag(oppositeFlagOf(name), `The opposite of ${flagOf(name)}.`).helpGroup(`${group}:`);
  return kind.isSwitch ? [flag, opposite] : [flag];
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
