const pause = 200;
/** Between two lines that tell the same but for its figures. */
const longPause = 10_000;

/** What is waited for, on standard error: on a terminal one line that changes, elsewhere a line now and then. */
export class Progress {
  readonly #isSilent: boolean;
  #shownAt = -Infinity;
  #isThere = false;

  constructor(isSilent = false) {
    this.#isSilent = isSilent;
  }

  /** @param isForAll - Whether it is worth a line where there is no terminal. */
  show(line: string, isForAll: boolean): void {
    if (this.#isSilent || !(isForAll || process.stderr.isTTY)) return;
    if (performance.now() - this.#shownAt < (process.stderr.isTTY ? pause : longPause)) return;
    this.#shownAt = performance.now();
    this.#isThere = true;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  end(): void {
    if (this.#isThere && process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
  }
}
