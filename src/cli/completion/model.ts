import type { Command, Option as Flag } from "commander";
import { flagOf, optionNames, optionTable } from "../../config/option-table.ts";

/** What a word can be completed to. */
export type Words =
  | { readonly kind: "nothing" | "file" | "folder" | "module" | "daemon" | "connection" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

export interface FlagWords {
  /** `-f` and `--follow`, say. */
  readonly names: readonly string[];
  readonly meaning: string;
  readonly isRepeatable: boolean;
  /** What stands behind it; undefined if nothing does. */
  readonly value: (Words & { readonly placeholder: string }) | undefined;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  /** What stands at which place. */
  readonly operands: readonly (Words & { readonly placeholder: string })[];
}

/** What can be written behind `forkd`, as the commands themselves say. */
export function completionsOf(program: Command): CommandWords[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    summary: command.summary() || command.description(),
    flags: help.visibleOptions(command).map(flagWords),
    operands: command.registeredArguments.map((operand) => ({
      placeholder: operand.name(),
      ...wordsFor(operand.name(), operand.argChoices),
    })),
  }));
}

/** Those behind which something stands; a flag means the same wherever it is. */
export function valuedFlags(commands: readonly CommandWords[]): FlagWords[] {
  const flags = commands.flatMap((command) => command.flags).filter(({ value }) => value !== undefined);
  return [...new Map(flags.map((flag) => [flag.names.join(), flag])).values()];
}

function flagWords({ short, long, flags, description, required, argChoices }: Flag): FlagWords {
  const names = [short, long].filter((name) => name !== undefined);
  const [, placeholder = ""] = /<(.+)>/.exec(flags) ?? [];
  const [meaning = ""] = description.split("\n");
  const option = optionNames.find((name) => flagOf(name) === long);
  const kind = option && optionTable[option].kind;
  const value = valueWords(placeholder, argChoices ?? kind?.words);
  return {
    names,
    meaning,
    isRepeatable: kind?.several === true,
    value: required ? { placeholder, ...value } : undefined,
  };
}

/** Where the placeholder is NAME, the flag gives something a name. */
const valueWords = (placeholder: string, choices: readonly string[] | undefined): Words =>
  placeholder === "NAME" ? { kind: "nothing" } : wordsFor(placeholder, choices);

function wordsFor(placeholder: string, choices: readonly string[] | undefined): Words {
  if (choices !== undefined) return { kind: "choice", choices };
  const kinds = {
    MODULE: "module",
    NAME: "daemon",
    FILE: "file",
    PATH: "file",
    DIR: "folder",
    CONNECTION: "connection",
  } as const;
  return { kind: kinds[placeholder as keyof typeof kinds] ?? "nothing" };
}
