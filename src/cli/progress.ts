const pause = 200;

/** A line on a terminal's standard error that changes; nothing elsewhere. */
export class Progress {
  #shownAt = 0;
  #isThere = false;

  show(line: string): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < pause) return;
    this.#shownAt = performance.now();
    this.#isThere = true;
    process.stderr.write(`\r\x1b[2K${line}`);
  }

  end(): void {
    if (this.#isThere) process.stderr.write("\r\x1b[2K");
  }
}
