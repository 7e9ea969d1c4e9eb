import { lstatSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { refusal } from "../config/refusal.ts";
import { ForkdError } from "../errors.ts";
import { describeErrno } from "../system-error.ts";
import { makeFolder } from "./make-folder.ts";

/** The longest path that a Unix socket may have: unix(7), and its final zero. */
const longestPath = 107;

/** Where a daemon's files are while it runs: by them commands find it, and a second one of its name finds the first. */
export class RuntimeFolder {
  readonly name: string;
  readonly path: string;

  /** @param base - The folder in which each daemon has one by its name. */
  constructor(base: string, name: string) {
    this.name = name;
    this.path = join(base, name);
  }

  /** Whether it is this user's, or root looks: somebody else's daemon could tell this user's terminal what it liked. */
  get isTrusted(): boolean {
    const owner = this.#owner;
    return isRoot() || owner === undefined || owner === process.getuid?.();
  }

  /** Undefined if it is gone. */
  get #owner(): number | undefined {
    return lstatSync(this.path, { throwIfNoEntry: false })?.uid;
  }

  /** That only its user, and root, may know whether a daemon runs there. */
  get foreign(): ForkdError {
    return new ForkdError(
      "FORKD_E_RUNTIME_DIR",
      `What runs in ${this.path} is not for this user to see: the folder belongs to another one (uid ${this.#owner}). ` +
        "Run the command as that user or as root, or choose another folder with --runtime-dir.",
    );
  }

  /** Locked as long as the daemon lives. */
  get pidFile(): string {
    return join(this.path, "pid");
  }

  /** Where the daemon answers commands. */
  get socket(): string {
    return join(this.path, "admin.sock");
  }

  /**
   * Makes the folder, for this user alone, unless it is there already.
   * @throws ForkdError `FORKD_E_RUNTIME_DIR` if it cannot be made, or is not fit to hold a daemon's files
   */
  make(): void {
    if (Buffer.byteLength(this.socket) > longestPath)
      throw this.#refusal("its socket's path would be longer than 107 bytes");
    try {
      makeFolder(dirname(this.path), isRoot() ? 0o755 : 0o700);
      makeFolder(this.path, 0o700);
    } catch (error) {
      const { errno = 0, path = this.path } = error as NodeJS.ErrnoException;
      throw this.#refusal(`${path} cannot be made: ${describeErrno(errno)}`);
    }
    this.#refuseBaseOfOthers();
    this.#refuseOthers();
  }

  /** Whoever may rename the daemon's folder may put another in its place. */
  #refuseBaseOfOthers(): void {
    const base = dirname(this.path);
    const { uid, mode } = statSync(base);
    if (uid !== 0 && uid !== process.getuid?.()) throw this.#refusal(`${base} belongs to another user (uid ${uid})`);
    const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
    if (isOpen) throw this.#refusal(`others may write to ${base} (mode ${octal(mode)}), and it is not sticky`);
  }

  /** In a folder where everybody may write, somebody else may have been there first. */
  #refuseOthers(): void {
    const { uid, mode } = lstatSync(this.path);
    const isFolder = (mode & 0o170000) === 0o040000;
    if (!isFolder) throw this.#refusal("it is there, and is no folder");
    if (uid !== process.getuid?.()) throw this.#refusal(`it belongs to another user (uid ${uid})`);
    if ((mode & 0o077) !== 0) throw this.#refusal(`others may use it (mode ${octal(mode)}, not 700)`);
  }

  #refusal(why: string): ForkdError {
    return new ForkdError(
      "FORKD_E_RUNTIME_DIR",
      `The daemon's files cannot be put into ${this.path}: ${why}. Mend that, or choose another folder with --runtime-dir.`,
    );
  }

  /** The files are gone; what else somebody has put there stays. */
  remove(): void {
    try {
      rmdirSync(this.path);
    } catch {
      // not empty, or gone already
    }
  }
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The folder in which each daemon has one: what the flag says, or the variable `FORKD_RUNTIME_DIR`; by default
 * `/run/forkd` for root, `$XDG_RUNTIME_DIR/forkd` for others, and `/tmp/forkd-UID` where there is none.
 * @throws ForkdError `FORKD_E_OPTION`
 */
export function runtimeBase(flag: string | undefined, variables: Variables): string {
  const { FORKD_RUNTIME_DIR: variable, XDG_RUNTIME_DIR: xdg = "" } = variables;
  const wanted = flag ?? variable;
  if (wanted === "") throw refusal(flag === "" ? "--runtime-dir" : "FORKD_RUNTIME_DIR", "the path of a folder", '""');
  if (wanted !== undefined) return resolve(wanted);
  if (isRoot()) return "/run/forkd";
  return isAbsolute(xdg) ? join(xdg, "forkd") : `/tmp/forkd-${process.getuid?.()}`;
}

/**
 * The daemons' folders that are there.
 * @throws ForkdError `FORKD_E_RUNTIME_DIR` if this user may not know
 */
export function foldersIn(base: string): RuntimeFolder[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return entries.map(({ name }) => new RuntimeFolder(base, name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return []; // nothing has been started here
    throw new ForkdError(
      "FORKD_E_RUNTIME_DIR",
      `The folder ${base}, in which daemons have theirs, cannot be read: ${describeErrno(errno)}. Run the command as a ` +
        "user who may, or choose another folder with --runtime-dir.",
    );
  }
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(3, "0");

const isRoot = (): boolean => process.getuid?.() === 0;
