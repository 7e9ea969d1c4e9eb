import type { ForkdError } from "../errors.ts";

/** How often it is looked whether one that has taken over is over. */
const lookInterval = 20;

interface Request {
  readonly resolve: (generation: number) => void;
  readonly reject: (error: ForkdError) => void;
}

/**
 * Reloads: who waits for one, and which zygotes bring it about. One that is asked for while another is under way is
 * made after it: what it is about may have changed since the other one began.
 */
export class Reloads {
  #wanted: Request[] = [];
  #running: Request[] | undefined;
  /** Zygotes from that generation on are started for the one under way, until one of them has taken over. */
  #since = Infinity;
  #look: NodeJS.Timeout | undefined;

  /** @returns the generation that serves then */
  request(): Promise<number> {
    return new Promise((resolve, reject) => this.#wanted.push({ resolve, reject }));
  }

  /** Whether one is to begin. */
  get isDue(): boolean {
    return this.#running === undefined && this.areWanted;
  }

  /** Whether one is under way, be it that old code may still accept a connection. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The zygote of that generation is about to be started for it. */
  begin(generation: number): void {
    this.#running = this.#wanted;
    this.#wanted = [];
    this.#since = generation;
  }

  /** Whether that zygote is to bring it about. */
  isBy({ generation }: { readonly generation: number }): boolean {
    return generation >= this.#since;
  }

  /** Whether one is under way, and no zygote has taken over yet. */
  get isAwaited(): boolean {
    return this.#since < Infinity;
  }

  /** A zygote has taken over, and that generation serves. */
  succeedOnce(isOver: () => boolean, generation: number, onEnd: () => void): void {
    this.#since = Infinity;
    if (!isOver()) {
      this.#look = setTimeout(() => this.succeedOnce(isOver, generation, onEnd), lookInterval);
      return;
    }
    for (const { resolve } of this.#end()) resolve(generation);
    onEnd();
  }

  fail(error: ForkdError): void {
    for (const { reject } of this.#end()) reject(error);
  }

  /** Those that wait for their turn will not have it. */
  withdraw(error: ForkdError): void {
    for (const { reject } of this.#wanted.splice(0)) reject(error);
  }

  /** Whether any wait for their turn. */
  get areWanted(): boolean {
    return this.#wanted.length > 0;
  }

  /** There will be none any more. */
  refuse(error: ForkdError): void {
    const requests = [...this.#end(), ...this.#wanted.splice(0)];
    for (const { reject } of requests) reject(error);
  }

  #end(): Request[] {
    clearTimeout(this.#look);
    const requests = this.#running ?? [];
    this.#running = undefined;
    this.#since = Infinity;
    return requests;
  }
}
