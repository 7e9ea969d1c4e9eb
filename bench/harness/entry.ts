import { contestants } from "../contestants/all.ts";
import type { Contestant } from "../contestants/contestant.ts";
import { findProgram, MissingProgram, versionOf } from "./programs.ts";

/** A contestant that takes part in this run, or would if its program were there. */
export interface Entry {
  readonly contestant: Contestant;
  /** The path of the program that runs it. */
  readonly program: string;
  /** What that program says of its version. */
  readonly version: string | undefined;
  /** What is not installed. */
  readonly missing: string | undefined;
}

/** The contestants that were asked for, all of them by default. */
export function enter(only: readonly string[] | undefined, folder: string): Entry[] {
  const chosen = contestants.filter(({ name }) => only?.includes(name) ?? true);
  return chosen.map((contestant) => ({ contestant, ...findOut(contestant, folder) }));
}

function findOut({ program }: Contestant, folder: string): Omit<Entry, "contestant"> {
  try {
    return { program: findProgram(program, folder), version: versionOf(program), missing: undefined };
  } catch (error) {
    if (error instanceof MissingProgram) return { program: program.file, version: undefined, missing: error.message };
    throw error;
  }
}
