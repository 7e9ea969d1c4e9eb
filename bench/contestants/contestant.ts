/** A server that does the benchmark's job: each line comes back in upper case, until QUIT or the end of input. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  readonly program: Program;
  /** What the program is started with, from the root of the repository. */
  readonly args: (setting: Setting) => readonly string[];
  /** Whether it writes its address on that descriptor once it is ready, or listens on the port that it was given. */
  readonly announces: 1 | 3 | "nothing";
  /** Whether a connection has a process to itself, or shares it with others. */
  readonly process: "own" | "shared";
  /** A Node started anew for each connection is not asked for hundreds at a time. */
  readonly weight: "light" | "heavy";
}

/** What a contestant is started in. */
export interface Setting {
  /** A folder for all that is temporary. */
  readonly folder: string;
  /** A port that is free, for those who cannot find one. */
  readonly port: number;
  /** Uppercase.c, compiled: the job on standard input and output. */
  readonly uppercase: string;
}

export interface Program {
  /** A name to be found on PATH, a path, or a C source in bench/ that the benchmark compiles. */
  readonly file: string;
  readonly debianPackage: string;
  /** How it tells its version; none for one that cannot. It is not there as meant if this fails. */
  readonly versionArgs: readonly string[] | undefined;
}

/** How many connections every contestant allows that limits them: more than are ever opened at a time. */
export const maxConnections = 4096;

export const node: Program = { file: process.execPath, debianPackage: "nodejs", versionArgs: ["--version"] };
