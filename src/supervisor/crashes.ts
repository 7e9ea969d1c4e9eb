import type { Settings } from "../config/settings.ts";

const healthyAfter = 5000;
const firstDelay = 100;
const longestDelay = 5000;

/** How many crashes of the zygote are too many. */
export type CrashLimit = Pick<Settings, "restart.maxCrashes" | "restart.within">;

/** The crashes of zygotes: when to start another, and when to give up. */
export class Crashes {
  #delay = 0;
  #startedAt = 0;
  #times: readonly number[] = [];
  /** All there have been. */
  count = 0;

  zygoteStarted(now: number): void {
    this.#startedAt = now;
  }

  /** Whether that was one too many. */
  record(now: number, { "restart.maxCrashes": maxCrashes, "restart.within": within }: CrashLimit): boolean {
    this.count++;
    this.#times = [...this.#times.filter((time) => now - time < within), now];
    return this.#times.length >= maxCrashes;
  }

  /**
   * How long to wait before the zygote that has crashed at `now` is replaced, in ms: not at all, but for one that crashes
   * again and again.
   */
  nextDelay(now: number): number {
    if (now - this.#startedAt >= healthyAfter) this.#delay = 0;
    const delay = this.#delay;
    this.#delay = Math.min(delay === 0 ? firstDelay : delay * 2, longestDelay);
    return delay;
  }
}
