import { longestTimeout } from "../config/duration.ts";

/**
 * Gives the service manager the signs of life that it wants to see in each interval: twice as often, as long as all are
 * alive. After one that could not be given it is looked more often, so that who comes back to life is not taken for dead.
 */
export class Watchdog {
  readonly #interval: number;
  readonly #isAlive: () => boolean;
  readonly #ping: () => void;

  /** @param interval - In ms; 0 if nobody wants to see any. */
  constructor(interval: number, isAlive: () => boolean, ping: () => void) {
    this.#interval = interval;
    this.#isAlive = isAlive;
    this.#ping = ping;
  }

  start(): void {
    if (this.#interval > 0) this.#look();
  }

  #look(): void {
    const isAlive = this.#isAlive();
    if (isAlive) this.#ping();
    const delay = this.#interval / (isAlive ? 2 : 20);
    setTimeout(() => this.#look(), Math.min(delay, longestTimeout)).unref();
  }
}
