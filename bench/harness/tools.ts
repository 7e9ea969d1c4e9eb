import { compile, findOnPath, MissingProgram } from "./programs.ts";

/** The benchmark's own programs, and the folder for all that is temporary. */
export interface Tools {
  readonly folder: string;
  /** load/short.c, load/stream.c and load/hold.c: the clients. */
  readonly short: string;
  readonly stream: string;
  readonly hold: string;
  /** harness/leash.c: what holds every process that is started. */
  readonly leash: string;
  /** peers/uppercase.c: what some contestants start for each connection. */
  readonly uppercase: string;
  /** Counts system calls; undefined where it is not installed. */
  readonly strace: string | undefined;
}

export const straceIsMissing = "strace is not installed; the Debian package strace has it.";

/** Compiles the benchmark's own programs into a folder. */
export function makeTools(folder: string): Tools {
  return {
    folder,
    short: compile("load/short.c", folder),
    stream: compile("load/stream.c", folder),
    hold: compile("load/hold.c", folder),
    leash: compile("harness/leash.c", folder),
    uppercase: compile("peers/uppercase.c", folder),
    strace: findStrace(),
  };
}

function findStrace(): string | undefined {
  try {
    return findOnPath("strace", "strace");
  } catch (error) {
    if (error instanceof MissingProgram) return undefined;
    throw error;
  }
}
