import { type Command, Option as Flag } from "commander";
import {
  fallbackInWords,
  flagOf,
  type Option,
  optionNames,
  optionTable,
  oppositeFlagOf,
  variableOf,
} from "../config/option-table.ts";
import type { OptionName, Sources } from "../config/settings.ts";

/** What commander has found on a command line. */
export type Given = Readonly<Record<string, string | boolean | string[]>>;

const flags = new Map(optionNames.flatMap((name) => optionFlags(name).map((flag) => [flag, name] as const)));

/** Gives a command a flag for each option of a daemon. */
export function addDaemonFlags(command: Command): Command {
  for (const flag of flags.keys()) command.addOption(flag);
  return command;
}

/** What these flags were given, by the option's name. */
export function daemonFlags(given: Given): Sources["flags"] {
  const values = [...flags].map(([flag, name]) => [name, given[flag.attributeName()]] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Given;
}

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

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** The flag that says where daemons have their folders. */
export function runtimeDirFlag(): Flag {
  const meaning = "The folder in which each daemon has one, by its name: for its lock and its admin socket.";
  const fallback = "/run/forkd for root, else $XDG_RUNTIME_DIR/forkd, or /tmp/forkd-UID";
  return new Flag("--runtime-dir <DIR>", `${meaning}\nDefault: ${fallback}.\nVariable: FORKD_RUNTIME_DIR.`).helpGroup(
    "Name and addresses:",
  );
}
