/** From the most talkative to the quietest. */
export const levels = ["debug", "info", "warn", "error"] as const;

export type Level = (typeof levels)[number];

export const isAtLeast = (level: Level, threshold: Level): boolean =>
  levels.indexOf(level) >= levels.indexOf(threshold);
