/** Says on stderr what is being done: in one line that is rewritten on a terminal, in a line each elsewhere. */
export function showProgress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
}

/** Says something that stays. */
export function say(text: string): void {
  clearProgress();
  process.stderr.write(`${text}\n`);
}

/** Removes the rewritten line. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
}

/** How far the benchmark is: by what was expected of each turn, and how long those took that are done. */
export class Progress {
  readonly #expected: number;
  readonly #started = performance.now();
  #done = 0;

  /** All the turns together are expected to take so many seconds. */
  constructor(expectedSeconds: number) {
    this.#expected = expectedSeconds;
  }

  show(text: string): void {
    const share = Math.round((this.#done / this.#expected) * 100);
    showProgress(`${String(share).padStart(3)} %, about ${formatTime(this.#secondsLeft())} left: ${text}`);
  }

  /** A turn is over, or will not take place, that was expected to take so many seconds. */
  advance(expectedSeconds: number): void {
    this.#done += expectedSeconds;
  }

  #secondsLeft(): number {
    const elapsed = (performance.now() - this.#started) / 1000;
    const pace = this.#done > 0 ? elapsed / this.#done : 1;
    return (this.#expected - this.#done) * pace;
  }
}

function formatTime(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
