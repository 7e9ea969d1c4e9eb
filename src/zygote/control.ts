import { constants } from "node:os";
import { encode, type Engine, type FromZygote, type ToZygote } from "../control/messages.ts";
import type { Settings } from "../config/settings.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";

const { EAGAIN, ECONNRESET } = constants.errno;
/** Nothing has come yet, or nothing will. */
const nothing: ReadonlySet<number> = new Set([EAGAIN, ECONNRESET]);

/** What a zygote is to do, and with what. */
export interface Commission {
  readonly settings: Settings;
  readonly generation: number;
  readonly engine: Engine;
  /** Whether a worker is to be tried out first. */
  readonly isUntried: boolean;
  readonly trial: boolean;
  readonly scoreboard: number;
  readonly registry: number;
  readonly listeners: readonly number[];
}

/** The zygote's end of the control socket. It reads only when it has been told that there is something. */
export class Control {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(64 * 1024);
  #rest = "";
  #descriptors: number[] = [];

  constructor(fd: number) {
    this.fd = fd;
  }

  send(message: FromZygote): void {
    let bytes = encode(message);
    while (bytes.length > 0) {
      bytes = bytes.subarray(succeeded("Sending to the supervisor", native.sendDescriptors(this.fd, bytes, [])));
    }
  }

  /** Which module it is, and from which descriptor its TypeScript comes, stripped. */
  receiveModule(): { modulePath: string; stripped: number | undefined } {
    const { message, descriptors } = this.receive() ?? native.exit(0);
    return message.type === "load" ? { modulePath: message.modulePath, stripped: descriptors[0] } : native.exit(0);
  }

  /** What the supervisor wants; it may also have gone, or be about to stop: then there is nothing left to do. */
  receiveCommission(): Commission {
    const { message, descriptors } = this.receive() ?? native.exit(0);
    if (message.type !== "serve") native.exit(0);
    const [scoreboard = -1, registry = -1, ...listeners] = descriptors;
    const { settings, generation, engine, isUntried, trial } = message;
    return { settings, generation, engine, isUntried, trial, scoreboard, registry, listeners };
  }

  /** Waits until this zygote is the one to fork. */
  awaitPermission(): void {
    if (this.receive()?.message.type !== "fork") native.exit(0);
  }

  /** The next message, waited for, with the descriptors that came along. Undefined once the supervisor is gone. */
  receive(): { message: ToZygote; descriptors: number[] } | undefined {
    while (!this.#rest.includes("\n")) if (!this.#fill(1)) return undefined;
    return this.#take(this.#rest.indexOf("\n"));
  }

  /** The next message, if there is one. */
  poll(): ToZygote | undefined {
    while (!this.#rest.includes("\n")) if (!this.#fill(0)) return undefined;
    return this.#take(this.#rest.indexOf("\n")).message;
  }

  #fill(wait: 0 | 1): boolean {
    const { length, descriptors } = native.receive(this.fd, this.#buffer, wait);
    if (length === 0 || nothing.has(-length)) return false;
    succeeded("Hearing the supervisor", length);
    this.#rest += this.#buffer.toString("utf8", 0, length);
    this.#descriptors.push(...descriptors);
    return true;
  }

  #take(end: number): { message: ToZygote; descriptors: number[] } {
    const message = JSON.parse(this.#rest.slice(0, end)) as ToZygote;
    const descriptors = this.#descriptors;
    this.#rest = this.#rest.slice(end + 1);
    this.#descriptors = [];
    return { message, descriptors };
  }
}
