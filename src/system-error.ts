import { readlinkSync } from "node:fs";
import { getSystemErrorName, getSystemErrorMap } from "node:util";
import { ForkdError } from "./errors.ts";
import type { Result } from "./native.ts";

/** `EMFILE (too many open files)` for `-24` or `24`. */
export function describeErrno(errno: number): string {
  const number = -Math.abs(errno);
  const [, text] = getSystemErrorMap().get(number) ?? [];
  return text === undefined ? `errno ${-number}` : `${getSystemErrorName(number)} (${text})`;
}

/** That the folder is gone in which this process works, if that is what an error tells. */
export function directoryIsGone(error: unknown): ForkdError | undefined {
  if ((error as NodeJS.ErrnoException | undefined)?.syscall !== "uv_cwd") return undefined;
  return new ForkdError(
    "FORKD_E_SYSTEM",
    `The working directory is gone: ${readlinkSync("/proc/self/cwd")}. Work in one that is there; a daemon has to be ` +
      "stopped, and started in another (--directory).",
    { cause: error },
  );
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
