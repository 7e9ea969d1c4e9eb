const healthyAfter = 5000;
const firstDelay = 100;
const longestDelay = 5000;

/** How long to wait before a zygote is replaced: not at all, but for one that dies again and again. */
export class RespawnDelay {
  #delay = 0;
  #startedAt = 0;

  started(now: number): void {
    this.#startedAt = now;
  }

  /** In ms, for a zygote that has died at `now`. */
  next(now: number): number {
    if (now - this.#startedAt >= healthyAfter) this.#delay = 0;
    const delay = this.#delay;
    this.#delay = Math.min(delay === 0 ? firstDelay : delay * 2, longestDelay);
    return delay;
  }
}
