/**
 * Has the zygote replaced after a crash of one of its workers: all of them share its layout of memory, and whoever made
 * one crash may be about to learn it.
 */
export class Rotation {
  readonly #interval: number;
  readonly #onDue: (generation: number) => void;
  #last = -Infinity;

  /** @param interval - In ms, between two rotations at least; 0 for no rotation at all. */
  constructor(interval: number, onDue: (generation: number) => void) {
    this.#interval = interval;
    this.#onDue = onDue;
  }

  /** A worker of that generation has crashed. */
  workerCrashed(generation: number): void {
    if (this.#interval === 0) return;
    const delay = Math.max(0, this.#last + this.#interval - performance.now());
    setTimeout(() => this.#onDue(generation), delay).unref();
  }

  rotated(): void {
    this.#last = performance.now();
  }
}
