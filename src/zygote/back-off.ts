const firstPause = 10;
const longestPause = 1000;

/** After a failure, and each further one, a longer pause; the first success ends it. */
export class BackOff {
  #pause = 0;
  #until = 0;

  /** Whether this is the first failure in a row: the one to log. */
  fail(): boolean {
    const isFirst = this.#pause === 0;
    this.#pause = isFirst ? firstPause : Math.min(this.#pause * 2, longestPause);
    this.#until = performance.now() + this.#pause;
    return isFirst;
  }

  /** Whether this ends a row of failures. */
  succeed(): boolean {
    const isEnd = this.#pause !== 0;
    this.#pause = 0;
    this.#until = 0;
    return isEnd;
  }

  /** In ms; 0 if there is none. */
  get remaining(): number {
    return this.#until === 0 ? 0 : Math.max(0, this.#until - performance.now());
  }
}
