import { type Command, Option as Flag } from "commander";
import { type Found, findDaemon } from "./find-daemon.ts";
import { runtimeDirFlag } from "./daemon-flags.ts";
import { say } from "./output.ts";

/** What every command for a daemon that runs can be told. */
export interface CommonOptions {
  readonly json?: true;
  readonly runtimeDir?: string;
}

/** What each command can be told. */
export const jsonFlag = (): Flag => new Flag("--json", "print the answer, or the error, as JSON, for programs");

/** A command with these options. */
export function addCommon(command: Command): Command {
  return command.addOption(jsonFlag()).addOption(runtimeDirFlag().helpGroup("Options:"));
}

/** A command that is for one daemon, which need not be named if it is the only one. */
export function addForDaemon(program: Command, name: string, summary: string): Command {
  return addCommon(program.command(name).summary(summary).argument("[NAME]", "the daemon's name, or its module"));
}

/** The daemon that such a command is for. */
export const daemonMeant = (name: string | undefined, { runtimeDir }: CommonOptions): Found =>
  findDaemon(name, runtimeDir);

/** Prints an answer as JSON, if that is wanted, or as people read it. */
export function print(answer: unknown, { json }: CommonOptions, inWords: () => string): void {
  say(`${json === true ? JSON.stringify(answer, undefined, 2) : inWords()}\n`);
}
