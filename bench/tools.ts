import { compile } from "./programs.ts";

/** The benchmark's own programs, and the folder for all that is temporary. */
export interface Tools {
  readonly folder: string;
  /** load.c: the client. */
  readonly load: string;
  /** leash.c: what holds every process that is started. */
  readonly leash: string;
}

/** Compiles the benchmark's own programs into a folder. */
export function makeTools(folder: string): Tools {
  return { folder, load: compile("load.c", folder), leash: compile("leash.c", folder) };
}
