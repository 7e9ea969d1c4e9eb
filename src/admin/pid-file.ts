import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { describeErrno } from "../system-error.ts";

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;

/** Who runs a daemon of that name. */
export interface Holder {
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** The path of its module. */
  readonly module: string;
  /** Where it listens; none before it does. */
  readonly addresses: readonly string[];
}

/**
 * A file that says who runs a daemon of that name, locked by that process: a lock is never stale, for the kernel takes it
 * back when its holder dies, and a pid that has been given away again deceives nobody. Its lines: the pid, since when,
 * the module's path, and the addresses.
 */
export class PidFile {
  readonly #path: string;
  readonly fd: number;
  readonly #module: string;
  /** ISO 8601. */
  #since: string;

  private constructor(path: string, fd: number, module: string, since: string) {
    this.#path = path;
    this.fd = fd;
    this.#module = module;
    this.#since = since;
  }

  /** One that this process had taken before it became another program. */
  static resume(path: string, fd: number, module: string, since: string): PidFile {
    return new PidFile(path, fd, module, since);
  }

  /**
   * @returns the file, or who has it
   * @throws ForkdError `FORKD_E_RUNTIME_DIR`
   */
  static take(path: string, module: string): PidFile | Holder {
    for (;;) {
      const fd = open(path);
      if (native.lock(fd) < 0) {
        const isLeft = !isStill(path, fd); // by one that is about to end
        closeSync(fd);
        if (isLeft) continue;
        return readHolder(path) ?? { pid: 0, since: "", module: "", addresses: [] };
      }
      if (isStill(path, fd)) {
        const file = new PidFile(path, fd, module, new Date().toISOString());
        file.write([]);
        return file;
      }
      closeSync(fd); // whoever had it has removed it meanwhile
    }
  }

  /** One that its holder has left behind, to be released; undefined if there is none, or somebody holds it. */
  static takeLeft(path: string): PidFile | undefined {
    const fd = openThere(path);
    if (fd === undefined) return undefined;
    if (native.lock(fd) >= 0 && isStill(path, fd)) return new PidFile(path, fd, "", "");
    closeSync(fd);
    return undefined;
  }

  /** ISO 8601. */
  get since(): string {
    return this.#since;
  }

  /** From now on it tells of another daemon, in the same process. */
  renew(): void {
    this.#since = new Date().toISOString();
    this.write([]);
  }

  /** At no moment is it empty. */
  write(addresses: readonly string[]): void {
    const length = writeSync(this.fd, [process.pid, this.since, this.#module, ...addresses, ""].join("\n"), 0);
    ftruncateSync(this.fd, length);
  }

  /** Another may run it. The lock, on a file that is at no path any more, tells until this process has ended that it has not. */
  release(): void {
    if (isStill(this.#path, this.fd)) unlinkSync(this.#path);
  }
}

/** Who runs the daemon; undefined if nobody does. */
export function findHolder(path: string): Holder | undefined {
  const fd = openThere(path);
  if (fd === undefined) return undefined;
  try {
    return native.isLocked(fd) === 1 ? readHolder(path) : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Undefined if there is none, or none that this user may open. */
function openThere(path: string): number | undefined {
  try {
    return openSync(path, O_RDWR | O_NOFOLLOW);
  } catch {
    return undefined;
  }
}

/** What the file says, whoever has written it. */
function readHolder(path: string): Holder | undefined {
  try {
    const [pid = "", since = "", module = "", ...addresses] = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    return { pid: Number(pid), since, module, addresses };
  } catch {
    return undefined;
  }
}

function open(path: string): number {
  try {
    return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    throw new ForkdError(
      "FORKD_E_RUNTIME_DIR",
      `The pid file ${path} cannot be opened: ${describeErrno(errno)}. Mend that, or choose another folder with --runtime-dir.`,
    );
  }
}

function isStill(path: string, fd: number): boolean {
  try {
    const [there, here] = [statSync(path), fstatSync(fd)];
    return there.ino === here.ino && there.dev === here.dev;
  } catch {
    return false;
  }
}
