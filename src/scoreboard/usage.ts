/** What a process, or a connection, has used: ms of processor time, and the most memory that the process has had at a time. */
export interface Usage {
  readonly userMs: number;
  readonly systemMs: number;
  readonly maxRssKib: number;
}

/** Processor time, in ms. */
export interface UsedTime {
  readonly user: number;
  readonly system: number;
}

/** What a connection has used of a worker that had used so much before. */
export function usageSince(before: UsedTime, { userMs, systemMs, maxRssKib }: Usage): Usage {
  return { userMs: Math.round(userMs - before.user), systemMs: Math.round(systemMs - before.system), maxRssKib };
}
