import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import type { Program } from "../contestants/contestant.ts";

/** Where forkd's own root is, from which every contestant is started. */
export const root = resolve(import.meta.dirname, "../..");

// Debian's own before others of the same name; and servers are where a user's PATH may not look.
const systemFolders = ["/usr/bin", "/usr/sbin"];

/** Thrown when a program that a contestant needs is not installed. */
export class MissingProgram extends Error {}

/** The path of a program, compiled into `folder` first if it is a C source; throws MissingProgram. */
export function findProgram({ file, debianPackage }: Program, folder: string): string {
  return file.endsWith(".c") ? compile(file, folder) : findOnPath(file, debianPackage);
}

/** Compiles a C source of the benchmark's into `folder` and returns the path of the program. */
export function compile(source: string, folder: string): string {
  const program = join(folder, basename(source, ".c"));
  execFileSync(findOnPath("cc", "gcc"), ["-O2", "-o", program, join(root, "bench", source)], { stdio: "inherit" });
  return program;
}

/** What a program says of its version, in one line, if it can say it; throws MissingProgram if it fails to. */
export function versionOf({ file, debianPackage, versionArgs }: Program): string | undefined {
  if (versionArgs === undefined) return undefined;
  const program = findOnPath(file.endsWith(".c") ? "cc" : file, debianPackage);
  const { status, stdout, stderr } = spawnSync(program, versionArgs, { encoding: "utf8" });
  if (status !== 0) throw new MissingProgram(`${file} lacks what the Debian package ${debianPackage} has.`);
  return `${stdout}${stderr}`
    .split("\n")
    .find((line) => /\d\.\d/.test(line))
    ?.trim();
}

/** The path of a program; throws MissingProgram. */
export function findOnPath(name: string, debianPackage: string): string {
  const onPath = [...systemFolders, ...(process.env["PATH"] ?? "").split(delimiter)];
  const path = (name.includes("/") ? [""] : onPath).map((folder) => join(folder, name)).find(isExecutable);
  if (path !== undefined) return path;
  throw new MissingProgram(`${name} is not installed; the Debian package ${debianPackage} has it.`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
