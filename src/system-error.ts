import { getSystemErrorName, getSystemErrorMap } from "node:util";
import { ForkdError } from "./errors.ts";
import type { Result } from "./native.ts";

/** `EMFILE (too many open files)` for `-24` or `24`. */
export function describeErrno(errno: number): string {
  const number = -Math.abs(errno);
  const [, text] = getSystemErrorMap().get(number) ?? [];
  return text === undefined ? `errno ${-number}` : `${getSystemErrorName(number)} (${text})`;
}

/** The result of a call to the addon; a failure becomes an error that names `what` failed. */
export function succeeded(what: string, result: Result): number;
export function succeeded<T extends object>(what: string, result: T | Result): T;
export function succeeded<T>(what: string, result: T | Result): T | Result {
  if (typeof result === "number" && result < 0) {
    throw new ForkdError("FORKD_E_SYSTEM", `${what} failed: ${describeErrno(result)}.`);
  }
  return result;
}
