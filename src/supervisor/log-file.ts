import { closeSync, constants, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { describeErrno, succeeded } from "../system-error.ts";

const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;
/** What somebody else has truncated is written on from its new end; a FIFO that nobody reads is refused, not waited for. */
const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;
const forOwner = 0o600;

/** The file that the log goes to. */
export class LogFile {
  readonly path: string;
  #fd: number;
  /** Descriptors that are copies of it. */
  #copies: readonly number[] = [];

  /** @throws ForkdError `FORKD_E_LOG_FILE` */
  constructor(path: string) {
    this.path = resolve(path);
    this.#fd = open(this.path);
  }

  get fd(): number {
    return this.#fd;
  }

  /** From now on what is written to these descriptors lands in the file, too, wherever that goes. */
  stretchTo(descriptors: readonly number[]): void {
    this.#copies = descriptors;
    copy(this.#fd, descriptors);
  }

  /**
   * Another file may have the path by now; if none can be opened there, the old one stays in use.
   * @throws ForkdError `FORKD_E_LOG_FILE`, `FORKD_E_SYSTEM`
   */
  reopen(): void {
    const fd = open(this.path);
    copy(fd, this.#copies);
    closeSync(this.#fd);
    this.#fd = fd;
  }
}

function open(path: string): number {
  try {
    return openSync(path, flags, forOwner);
  } catch (cause) {
    const { code, errno = 0 } = cause as NodeJS.ErrnoException;
    const sentence = `The log file ${path} (logFile) cannot be opened for appending: ${describeErrno(errno)}.`;
    throw new ForkdError("FORKD_E_LOG_FILE", `${sentence} ${wayOut(path, code)}`, { cause });
  }
}

function wayOut(path: string, code: string | undefined): string {
  const another = "or choose another file";
  switch (code) {
    case "ENOENT":
      return `Make its folder ${dirname(path)}, ${another}.`;
    case "EACCES":
    case "EPERM":
      return `Grant the daemon's user the right, ${another}.`;
    case "EISDIR":
      return `Name a file in that folder.`;
    case "ENXIO":
      return `Start its reader first, ${another}.`;
    default:
      return "Choose another file.";
  }
}

function copy(fd: number, descriptors: readonly number[]): void {
  for (const descriptor of descriptors) succeeded("Redirecting a descriptor", native.duplicate(fd, descriptor));
}
