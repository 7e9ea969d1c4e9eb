import type { Failure } from "./messages.ts";
import { errorCatalogue, ForkdError, type ErrorCode } from "../errors.ts";

/** The zygote's error, as if it had been thrown here. */
export function reviveFailure({ code, message, stack }: Failure): ForkdError {
  const known = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : "FORKD_E_BUG";
  return new ForkdError(known, message, stack === undefined ? {} : { cause: withStack(stack) });
}

function withStack(stack: string): Error {
  const error = new Error();
  error.stack = stack;
  return error;
}
