import { readdirSync } from "node:fs";
import { parse } from "node:path";
import { AdminClient } from "../admin/client.ts";
import { findHolder, type Holder } from "../admin/pid-file.ts";
import { RuntimeFolder, runtimeBase } from "../admin/runtime-folder.ts";
import { ForkdError } from "../errors.ts";

/** A daemon that runs. */
export interface Found {
  readonly name: string;
  readonly holder: Holder;
  readonly client: AdminClient;
}

/** All daemons that run, by name. */
export function findDaemons(runtimeDir: string | undefined): Found[] {
  const base = runtimeBase(runtimeDir, process.env);
  return namesIn(base).flatMap((name) => {
    const folder = new RuntimeFolder(base, name);
    const holder = findHolder(folder.pidFile);
    return holder === undefined ? [] : [{ name, holder, client: new AdminClient(name, folder) }];
  });
}

/**
 * The daemon that is meant.
 * @param wanted - Its name, or its module; with only one that runs it need not be named.
 * @throws ForkdError `FORKD_E_NOT_RUNNING`
 */
export function findDaemon(wanted: string | undefined, runtimeDir: string | undefined): Found {
  const running = findDaemons(runtimeDir);
  const name = wanted === undefined ? undefined : nameOf(wanted);
  const candidates = name === undefined ? running : running.filter((one) => one.name === name);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  throw notFound(name, running, runtimeBase(runtimeDir, process.env));
}

/** Somebody may name the module instead. */
export function nameOf(wanted: string): string {
  return /\.[cm]?[jt]s$/.test(wanted) ? parse(wanted).name : wanted;
}

function notFound(name: string | undefined, running: readonly Found[], base: string): ForkdError {
  const names = running.map((one) => one.name).join(", ");
  const sentence =
    running.length === 0
      ? `${name === undefined ? "No daemon" : `No daemon called ${name}`} runs here: looked for in ${base}; see --runtime-dir.`
      : name === undefined
        ? `Several daemons run: say which of them is meant, ${names}.`
        : `No daemon called ${name} runs here; those that do: ${names}.`;
  return new ForkdError("FORKD_E_NOT_RUNNING", sentence);
}

function namesIn(base: string): string[] {
  try {
    return readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return []; // there is no such folder: nothing has been started here
  }
}
