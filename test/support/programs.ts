import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of a program, found where the shell would, or in folders that Debian keeps out of there. */
export function findProgram(name: string): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...postgresqlFolders()]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Why a test has to be skipped, if one of the programs that it needs is missing; by each stands its Debian package. */
export function missing(needed: Readonly<Record<string, string>>): string | false {
  const lacking = Object.keys(needed).filter((name) => findProgram(name) === undefined);
  if (lacking.length === 0) return false;
  return `needs ${lacking.join(", ")}; on Debian: apt-get install ${lacking.map((name) => needed[name]).join(" ")}`;
}

/** Newest first. */
function postgresqlFolders(): string[] {
  const versions = "/usr/lib/postgresql";
  try {
    const names = readdirSync(versions).toSorted((one, other) => Number(other) - Number(one));
    return names.map((name) => join(versions, name, "bin"));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
