import type { ForkdError } from "../errors.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** How often it is looked whether old code may still accept a connection. */
const look = 20;

interface Request {
  readonly resolve: (generation: number) => void;
  readonly reject: (error: ForkdError) => void;
}

/**
 * Reloads: who waits for one, and the zygote that is to take over. One that is asked for while another is under way is
 * made after it: what it is about may have changed since the other one began.
 */
export class Reloads {
  #wanted: Request[] = [];
  #running: Request[] | undefined;
  #zygote: ZygoteProcess | undefined;

  /** @returns the generation that serves then */
  request(): Promise<number> {
    return new Promise((resolve, reject) => this.#wanted.push({ resolve, reject }));
  }

  /** Whether one is to begin. */
  get isDue(): boolean {
    return this.#running === undefined && this.#wanted.length > 0;
  }

  begin(): void {
    this.#running = this.#wanted;
    this.#wanted = [];
  }

  /** By that zygote: undefined if it could not be started. */
  expect(zygote: ZygoteProcess | undefined): void {
    this.#zygote = zygote;
  }

  isBy(zygote: ZygoteProcess): boolean {
    return zygote === this.#zygote;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** From its end on old code accepts nobody: an idle worker that is told to leave may have been about to. */
  succeedOnce(mayOldAccept: () => boolean, onEnd: () => void): void {
    if (mayOldAccept()) {
      setTimeout(() => this.succeedOnce(mayOldAccept, onEnd), look);
      return;
    }
    const generation = this.#zygote?.generation ?? 0;
    const requests = this.#end();
    onEnd();
    for (const { resolve } of requests) resolve(generation);
  }

  fail(error: ForkdError): void {
    for (const { reject } of this.#end()) reject(error);
  }

  /** There will be none any more. */
  refuse(error: ForkdError): void {
    this.fail(error);
    this.begin();
    this.fail(error);
  }

  #end(): Request[] {
    const requests = this.#running ?? [];
    this.#running = undefined;
    this.#zygote = undefined;
    return requests;
  }
}
