/**
 * Has the zygote replaced after a crash of one of its workers: all of them share its layout of memory, and whoever made
 * one crash may be about to learn it.
 */
export class Rotation {
  /** In ms, between two rotations at least; 0 for no rotation at all. */
  interval: number;
  readonly #onDue: (generation: number) => void;
  #last = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** The generation of which a worker has crashed last. */
  #crashed: number | undefined;

  constructor(interval: number, onDue: (generation: number) => void) {
    this.interval = interval;
    this.#onDue = onDue;
  }

  /** A worker of that generation has crashed. */
  workerCrashed(generation: number): void {
    if (this.interval === 0) return;
    this.#crashed = generation;
    const delay = Math.max(0, this.#last + this.interval - performance.now());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onDue(generation), delay).unref();
  }

  /** There was no time to replace it: it is due again, if it still is the one that forks. */
  resume(): void {
    if (this.#crashed !== undefined) this.workerCrashed(this.#crashed);
  }

  rotated(): void {
    this.#last = performance.now();
  }
}
