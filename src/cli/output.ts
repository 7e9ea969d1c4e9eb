let isHeeded = false;

/** Writes to standard output. A reader who has seen enough, as `head` has, ends the command. */
export function say(text: string): void {
  if (!isHeeded) process.stdout.on("error", endQuietly);
  isHeeded = true;
  process.stdout.write(text);
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
