/** The most that `maxConnections` may be. There is a slot for each from the start: it may be raised while workers live. */
export const mostConnections = 100_000;

/** Behind those of all workers, so that no generation uses it for any. */
export const slotForTrials = mostConnections;
