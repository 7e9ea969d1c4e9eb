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
  const head = { level, time: new Date().toISOString(), ...identity };
  try {
    const { err, ...rest } = fields;
    return joined(head, { ...rest, ...errorFields(err), msg: message });
  } catch (error) {
    return joined(head, { msg: message, unprintable: String(error) });
  }
}

/** As one object, in which the head comes first (a field whose name is a number would) and is not overwritten. */
function joined(head: Fields, fields: Fields): string {
  const others = Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(head, name)));
  return `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(others, bigintAsText).slice(1)}`;
}

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);

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
