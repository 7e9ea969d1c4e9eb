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

/**
 * One record, as the line of JSON that goes through the pipe and into the log. Fields cannot change what the record says
 * of itself, and what of them cannot be printed does not keep the message from being.
 */
export function formatRecord(level: Level, identity: Fields, message: string, fields: Fields = {}): string {
  const own = { level, time: new Date().toISOString(), ...identity };
  try {
    const { err, ...rest } = fields instanceof Error ? { err: fields } : fields;
    return join(own, { ...rest, ...errorFields(err), msg: message, toJSON: undefined });
  } catch (error) {
    return join(own, { msg: message, unprintable: describe(error) });
  }
}

/** `own` comes first, whatever the names in `rest`: the supervisor knows a record by its beginning. */
function join(own: Fields, rest: Fields): string {
  const disowned = Object.fromEntries(Object.keys(own).map((name) => [name, undefined]));
  return `${print(own).slice(0, -1)},${print({ ...rest, ...disowned }).slice(1)}`;
}

function print(fields: Fields): string {
  return JSON.stringify(fields, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
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
  if (!(error instanceof Error)) return { err: { type: typeof error, message: describe(error) } };
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

const describe = (value: unknown): string => (typeof value === "string" ? value : inspect(value));
