import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those above it, unless they are there. Node's own way of doing so never ends below /proc, where the
 * kernel says of a folder that is to be made that there is none.
 * @throws the system's error, whose `path` is the folder that could not be made
 */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || isThere(dirname(path))) throw error;
    makeFolder(dirname(path), mode);
    makeFolder(path, mode); // somebody else may have made it meanwhile
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
