/** What a worker is doing, in the order of `enum fk_state`. */
export const State = { free: 0, starting: 1, idle: 2, busy: 3, draining: 4, dismissed: 5 } as const;

/** How a connection ended, in the order of `enum fk_outcome`; the strings are what the log says. */
export const outcomes = [
  "none",
  "completed",
  "client gone",
  "idle timeout",
  "session timeout",
  "drain timeout",
  "handler error",
  "line too long",
  "drained",
  "terminated",
  "memory limit",
  "cpu limit",
  "open files limit",
  "file size limit",
  "processes limit",
  "exited",
  "killed",
] as const;

export type Outcome = (typeof outcomes)[number];

export const outcomeNumber = (outcome: Outcome): number => outcomes.indexOf(outcome);
