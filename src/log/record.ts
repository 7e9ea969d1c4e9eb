import { inspect } from "node:util";
import { isAtLeast, type Level } from "./levels.ts";

/** What is known beside the message; printed as JSON. An `err` is printed with its stack. */
export type Fields = Readonly<Record<string, unknown>>;

/** A log whose records carry the identity of their process. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** One record, as the line of JSON that goes through the pipe and into the log. */
export function formatRecord(level: Level, identity: Fields, message: string, fields: Fields = {}): string {
  const { err, ...rest } = fields;
  const record = { level, time: new Date().toISOString(), ...identity, ...rest, ...errorFields(err), msg: message };
  try {
    return JSON.stringify(record, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  } catch (error) {
    return JSON.stringify({ level, ...identity, msg: message, unprintable: String(error) });
  }
}

/** A log of records handed to `write`, of `threshold` and above. */
export function createLog(threshold: () => Level, identity: () => Fields, write: (record: string) => void): Log {
  const at = (level: Level) => (message: string, fields?: Fields) => {
    if (isAtLeast(level, threshold())) write(formatRecord(level, identity(), message, fields));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function errorFields(error: unknown): Fields {
  if (error === undefined) return {};
  if (!(error instanceof Error)) return { err: { type: typeof error, message: inspect(error) } };
  const { code, cause } = error as Error & { code?: unknown };
  return {
    err: {
      type: error.name,
      message: error.message,
      ...(code === undefined ? {} : { code }),
      stack: error.stack,
      ...(cause instanceof Error ? { cause: cause.stack } : {}),
    },
  };
}
