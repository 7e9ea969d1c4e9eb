import type { Settings } from "../config/settings.ts";
import type { Registry } from "../scoreboard/registry.ts";
import type { Slots } from "../scoreboard/slots.ts";

/**
 * Which of a zygote's workers may be idle.
 *
 * To look at a worker's slot is to touch a page. Among thousands of busy workers only those are looked at that have not been seen
 * busy; where workers are re-used any may be idle again.
 */
export class Spares {
  readonly #slots: Slots;
  readonly #registry: Registry;
  readonly #areReused: boolean;
  readonly #candidates: Int32Array;
  #count = 0;

  constructor(slots: Slots, registry: Registry, { maxConnections, connectionsPerWorker }: Settings) {
    this.#slots = slots;
    this.#registry = registry;
    this.#areReused = connectionsPerWorker > 1;
    this.#candidates = new Int32Array(maxConnections);
  }

  /** A worker has been bred. */
  add(slot: number): void {
    this.#candidates[this.#count++] = slot;
  }

  /** How many are idle. To be asked after workers were reaped and before others are bred in their slots. */
  count(): number {
    const candidates = this.#candidates;
    let idle = 0;
    let kept = 0;
    for (let index = 0; index < this.#count; index++) {
      const slot = candidates[index] as number;
      if (!this.#registry.isTaken(slot)) continue;
      const isIdle = this.#slots.isIdle(slot);
      if (isIdle) idle++;
      if (isIdle || this.#areReused) candidates[kept++] = slot;
    }
    this.#count = kept;
    return idle;
  }
}
