import { realpathSync } from "node:fs";
import { parse, resolve } from "node:path";
import { AdminClient } from "../admin/client.ts";
import { findHolder, type Holder } from "../admin/pid-file.ts";
import { foldersIn, type RuntimeFolder, runtimeBase } from "../admin/runtime-folder.ts";
import { ForkdError } from "../errors.ts";

/** A daemon that runs. */
export interface Found {
  readonly name: string;
  readonly holder: Holder;
  readonly client: AdminClient;
}

/**
 * All daemons that run, by name.
 * @throws ForkdError `FORKD_E_RUNTIME_DIR` if all there may be are other users'
 */
export function findDaemons(runtimeDir: string | undefined): Found[] {
  return runningIn(foldersIn(runtimeBase(runtimeDir, process.env)));
}

/**
 * Those of them that may be meant.
 * @throws ForkdError `FORKD_E_NOT_RUNNING` if it is a module's path, and the daemon of its name has another
 */
export function findCandidates(wanted: string | undefined, runtimeDir: string | undefined): Found[] {
  const folders = foldersIn(runtimeBase(runtimeDir, process.env));
  if (wanted === undefined) return runningIn(folders);
  const called = (as: string): Found[] => runningIn(folders.filter(({ name }) => name === as));
  const named = called(wanted);
  if (named.length > 0 || !isModule(wanted)) return named;
  const its = visible(folders).filter(({ holder }) => isSameFile(holder.module, wanted));
  const [namesake] = its.length > 0 ? [] : called(nameOf(wanted));
  if (namesake !== undefined) throw anothers(wanted, namesake);
  return its;
}

function runningIn(folders: readonly RuntimeFolder[]): Found[] {
  const found = visible(folders);
  const foreign = folders.find(({ isTrusted }) => !isTrusted);
  if (found.length === 0 && foreign !== undefined) throw foreign.foreign;
  return found;
}

const visible = (folders: readonly RuntimeFolder[]): Found[] =>
  folders.filter(({ isTrusted }) => isTrusted).flatMap(runningAt);

function runningAt(folder: RuntimeFolder): Found[] {
  const { name } = folder;
  const holder = findHolder(folder.pidFile);
  return holder === undefined ? [] : [{ name, holder, client: new AdminClient(name, folder) }];
}

const isModule = (wanted: string): boolean => /\.[cm]?[jt]s$/.test(wanted);

/** By its path, or where links lead: one may have been led elsewhere since the daemon started. */
function isSameFile(module: string, wanted: string): boolean {
  const [here, there] = [module, resolve(wanted)];
  return here === there || realPath(here) === realPath(there);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is gone
  }
}

/**
 * The daemon that is meant.
 * @param wanted - Its name, or its module's path; with only one that runs it need not be named.
 * @throws ForkdError `FORKD_E_NOT_RUNNING`
 */
export function findDaemon(wanted: string | undefined, runtimeDir: string | undefined): Found {
  const candidates = findCandidates(wanted, runtimeDir);
  const [only, ...others] = candidates;
  if (others.length > 0) throw severalRun(candidates);
  if (only !== undefined) return only;
  throw notFound(wanted, runtimeDir);
}

/** Somebody may name the module instead. */
export function nameOf(wanted: string): string {
  return isModule(wanted) ? parse(wanted).name : wanted;
}

/** A path says more than a name. */
const anothers = (wanted: string, { name, holder }: Found): ForkdError =>
  new ForkdError(
    "FORKD_E_NOT_RUNNING",
    `No daemon runs here with the module ${resolve(wanted)}: the one called ${name} has ${holder.module}. If that is meant, say "${name}".`,
  );

/** Nobody has said which. */
export const severalRun = (running: readonly Found[]): ForkdError =>
  new ForkdError("FORKD_E_NOT_RUNNING", `Several daemons run: say which of them is meant, ${namesOf(running)}.`);

/** None that may be meant runs. */
export function notFound(wanted: string | undefined, runtimeDir: string | undefined): ForkdError {
  const running = findDaemons(runtimeDir);
  const base = runtimeBase(runtimeDir, process.env);
  const one = wanted === undefined ? "daemon" : `daemon called ${nameOf(wanted)}`;
  const others =
    running.length === 0 ? `looked for in ${base}; see --runtime-dir` : `those that do: ${namesOf(running)}`;
  return new ForkdError("FORKD_E_NOT_RUNNING", `No ${one} runs here: ${others}.`);
}

const namesOf = (running: readonly Found[]): string => running.map(({ name }) => name).join(", ");
