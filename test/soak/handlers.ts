const leaked: Buffer[] = [];

/** What the soak's daemons do in either style: each command is given its argument and returns the answer. */
export const common = {
  pid: () => process.pid,
  upper: (text: string) => text.toUpperCase(),
  write: (bytes: string) => "x".repeat(Number(bytes)),
  leak: (mebibytes: string) => {
    for (let count = 0; count < Number(mebibytes); count++) leaked.push(Buffer.alloc(2 ** 20, 1));
    return leaked.length;
  },
  exit: (status: string) => process.exit(Number(status)),
  crash: (signal: string) => process.kill(process.pid, signal),
  spin: () => {
    for (;;);
  },
} as const;
