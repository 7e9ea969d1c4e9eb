import { levels, type Level } from "./levels.ts";

/** What each record of a zygote or a worker says. */
export interface PipedRecord {
  readonly level: Level;
  /** ISO 8601. */
  readonly time: string;
  readonly msg: string;
}

const roles: ReadonlySet<unknown> = new Set(["zygote", "worker"]);
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The record that a line of the log's pipe is; undefined if it is none. Whatever a program may print whose standard error that
 * pipe is: only what is made as `formatRecord` makes it passes for a record, and nobody passes for the supervisor.
 */
export function readRecord(line: string): PipedRecord | undefined {
  if (!line.startsWith('{"level":')) return undefined; // as a record begins, and hardly anything else
  if (line.includes('"role":"supervisor"')) return undefined; // whatever else its role may be said to be
  const { level, time, role, pid, msg } = parseObject(line);
  const isKnown = levels.includes(level as Level) && roles.has(role) && Number.isSafeInteger(pid);
  if (!isKnown || typeof msg !== "string" || !isTime(time)) return undefined;
  return { level: level as Level, time, msg };
}

function parseObject(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const isTime = (time: unknown): time is string =>
  typeof time === "string" && isoTime.test(time) && !Number.isNaN(Date.parse(time));
