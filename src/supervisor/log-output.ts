import { constants } from "node:os";
import { native } from "../native.ts";
import { describeErrno } from "../system-error.ts";

const capacity = 1024 * 1024;
const firstPause = 2;
const longestPause = 1000;

/**
 * Where the log goes: a terminal, a file, a pipe. The disk may be full, the pipe's reader gone or asleep; the supervisor has
 * more to do than to wait for that. What cannot be written is kept, up to a bound, and tried again; what is beyond that is
 * counted, and told once writing works again.
 */
export class LogOutput {
  #fd: number;
  readonly #onLost: (count: number, why: string) => void;
  readonly #kept: Buffer[] = [];
  /** How much of the first is written. */
  #begun = 0;
  #length = 0;
  #lost = 0;
  #why = "";
  #pause = 0;
  #retry: NodeJS.Timeout | undefined;
  #onWritten: () => void = () => undefined;

  constructor(fd: number, onLost: (count: number, why: string) => void) {
    this.#fd = fd;
    this.#onLost = onLost;
  }

  /** A line with its end. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    const fits = this.#length === 0 || this.#length + bytes.length <= capacity;
    if (!fits) {
      this.#lost++;
      return;
    }
    this.#kept.push(bytes);
    this.#length += bytes.length;
    if (this.#pause === 0) this.#flush();
  }

  /** What is kept goes there, too; a line that was begun elsewhere is written whole. */
  redirect(fd: number): void {
    this.#fd = fd;
    this.#begun = 0;
    this.#flush();
  }

  /** Waits until nothing is kept. */
  written(): Promise<void> {
    return this.#length === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onWritten = resolve));
  }

  #flush(): void {
    for (let [first] = this.#kept; first !== undefined; [first] = this.#kept) {
      const written = native.writeReady(this.#fd, first.subarray(this.#begun));
      if (written < 0) return this.#retryAfter(written);
      this.#pause = 0; // whoever reads slowly, reads
      this.#begun += written;
      if (this.#begun === first.length) this.#shift();
    }
    this.#tellLoss();
    this.#onWritten();
  }

  #shift(): void {
    this.#length -= this.#kept.shift()?.length ?? 0;
    this.#begun = 0;
  }

  #retryAfter(errno: number): void {
    this.#why = -errno === constants.errno.EAGAIN ? "it was not read fast enough" : describeErrno(errno);
    this.#pause = this.#pause === 0 ? firstPause : Math.min(this.#pause * 2, longestPause);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#flush(), this.#pause).unref();
  }

  #tellLoss(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onLost(lost, this.#why);
  }
}
