import { constants } from "node:os";
import { native } from "../native.ts";

const { EAGAIN } = constants.errno;
/** Whoever does not read so many has gone to sleep. */
const mostWaiting = 100;
const pause = 100;

/**
 * Where a service manager hears what becomes of its services: a Unix datagram socket, sd_notify(3). What it has no room for
 * at the moment is tried again, in order, for a `READY=1` that is lost would be waited for in vain.
 */
export class NotifySocket {
  readonly #name: string;
  /** Hears of the first failure. */
  onFailure: (errno: number) => void = () => undefined;
  #fd = -1;
  #hasFailed = false;
  #waiting: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;

  /** @param name - Its path, or `@` and its abstract name. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Assignments, such as `READY=1`, all in one datagram. */
  send(assignments: readonly string[]): void {
    const text = assignments.map((assignment) => `${assignment.replaceAll("\n", " ")}\n`).join("");
    if (this.#waiting.length < mostWaiting) this.#waiting.push(Buffer.from(text));
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const result = this.#sendNow(first);
      if (result === -EAGAIN) {
        this.#retry = setTimeout(() => this.#flush(), pause).unref();
        return;
      }
      this.#waiting.shift();
      if (result < 0) this.#tellFailure(result);
    }
  }

  #sendNow(bytes: Buffer): number {
    if (this.#fd < 0) this.#fd = native.datagramSocket();
    return this.#fd < 0 ? this.#fd : native.sendDatagram(this.#fd, this.#name, bytes);
  }

  #tellFailure(errno: number): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.onFailure(errno);
  }
}
