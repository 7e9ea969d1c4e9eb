import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ForkdError } from "../errors.ts";
import { hooksExist } from "./loader-flags.ts";
import { tellPlace } from "./syntax-error-place.ts";
import { registerTypescriptHooks } from "./typescript-hooks.ts";
import { importTypescript } from "./typescript-linker.ts";
import { isTypescript } from "./typescript-source.ts";

const extensions = [".ts", ".mts", ".js", ".mjs", ".cjs"];

/**
 * Loads the user's module in this thread and returns its namespace.
 *
 * A module in JavaScript is loaded by Node alone. TypeScript is stripped of its types in another process, which is
 * gone when this resolves: the stripper (10 to 25 MB, whichever one it is) would otherwise be copied at each fork.
 * Every `.ts` and `.mts` file outside `node_modules` is an ES module, whatever the nearest package.json says.
 *
 * @param path - Of a `.ts`, `.mts`, `.js`, `.mjs` or `.cjs` file, relative to the working directory.
 * @throws ForkdError FORKD_E_MODULE_NOT_FOUND when there is no such module.
 * @throws ForkdError FORKD_E_MODULE_FAILED when it does not compile or throws; `cause` is what was thrown.
 */
export async function loadModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  assertIsModule(file);
  try {
    return await importFile(file);
  } catch (cause) {
    if (cause instanceof SyntaxError) await tellPlace(cause);
    throw new ForkdError("FORKD_E_MODULE_FAILED", sentenceFor(file, cause), { cause });
  }
}

function assertIsModule(file: string): void {
  const extension = extname(file);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw notFound(`There is no module ${file}: give the path of an existing file.`);
  if (!found.isFile()) {
    const kind = found.isDirectory() ? "a folder" : "no regular file";
    throw notFound(`${file} is ${kind}: give the path of the file that is the module.`);
  }
  if (!extensions.includes(extension)) {
    const received = extension === "" ? "has no extension" : `ends in ${extension}`;
    throw notFound(`A module must be a ${extensions.join(", ")} file, but the name of ${file} ${received}.`);
  }
}

const notFound = (sentence: string): ForkdError => new ForkdError("FORKD_E_MODULE_NOT_FOUND", sentence);

async function importFile(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file).href;
  if (!isTypescript(url)) return import(url);
  if (!hooksExist(process.version)) return importTypescript(url);
  registerTypescriptHooks();
  return import(url);
}

function sentenceFor(file: string, cause: unknown): string {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return `The module ${file} could not be loaded. Mend this: ${reason}`;
}
