import { type Contestant, contestants } from "./contestants.ts";
import type { Load } from "./load.ts";
import type { Memory } from "./memory.ts";
import { findProgram, MissingProgram, versionOf } from "./programs.ts";

/** A contestant and all that was found out about it in this run. */
export interface Entry {
  readonly contestant: Contestant;
  /** The path of the program that runs it. */
  readonly program: string;
  /** The version of that program. */
  readonly version: string | undefined;
  readonly rounds: Load[];
  memory: Memory | undefined;
  decay: Load | undefined;
  /** Why it was not measured, or not to the end. */
  failure: string | undefined;
}

/** The contestants that were asked for; those whose program is missing enter with that as their failure. */
export function enter(only: readonly string[] | undefined, folder: string): Entry[] {
  const chosen = contestants.filter(({ name }) => only?.includes(name) ?? true);
  return chosen.map((contestant) => ({
    contestant,
    rounds: [],
    memory: undefined,
    decay: undefined,
    ...findOut(contestant, folder),
  }));
}

function findOut({ program }: Contestant, folder: string): Pick<Entry, "program" | "version" | "failure"> {
  try {
    return { program: findProgram(program, folder), version: versionOf(program), failure: undefined };
  } catch (error) {
    if (error instanceof MissingProgram) return { program: program.file, version: undefined, failure: error.message };
    throw error;
  }
}
