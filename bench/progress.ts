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
