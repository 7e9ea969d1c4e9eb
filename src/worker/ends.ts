import { constants } from "node:os";
import type { Settings } from "../config/settings.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { limitBehind } from "../scoreboard/limits.ts";
import { outcomes, type Outcome } from "../scoreboard/states.ts";
import { describeErrno } from "../system-error.ts";

/** Why a connection ends before its handler does. */
export function reasonOfDeadline(): ForkdError | undefined {
  switch (outcomes[native.deadlinePassed()]) {
    case "idle timeout":
      return new ForkdError("FORKD_E_IDLE_TIMEOUT", "The client was idle for longer than idleTimeout.");
    case "session timeout":
      return new ForkdError("FORKD_E_SESSION_TIMEOUT", "The connection lasted longer than sessionTimeout.");
    default:
      return undefined;
  }
}

export function clientGone(cause?: unknown): ForkdError {
  return new ForkdError("FORKD_E_CLIENT_GONE", `The client is gone: ${describe(cause)}.`, { cause });
}

/** What reading or writing has failed with, an errno or an error that has one: mostly it is the client's going. */
export function connectionFailed(cause: unknown): ForkdError {
  const errno = typeof cause === "number" ? cause : (cause as NodeJS.ErrnoException).errno;
  if (errno === undefined || errnosOfPeers.has(Math.abs(errno))) return clientGone(cause);
  return new ForkdError("FORKD_E_SYSTEM", `The connection failed: ${describeErrno(errno)}.`, { cause });
}

export function draining(): ForkdError {
  return new ForkdError("FORKD_E_DRAINING", "The daemon stops: finish what you are at, within drainTimeout.");
}

/** How a connection ended whose handler returned, or threw `error`. */
export function outcomeOf(error: unknown, settings: Settings): Outcome {
  if (error === undefined) return native.isDraining() ? "drained" : "completed";
  return (error instanceof ForkdError && outcomeByCode.get(error.code)) || failureOf(error, settings);
}

/** What an error that nobody expects is called. */
export function failureOf(error: unknown, settings: Settings): Outcome {
  return limitBehind(error, settings) ?? "handler error";
}

const outcomeByCode = new Map<string, Outcome>([
  ["FORKD_E_CLIENT_GONE", "client gone"],
  ["FORKD_E_IDLE_TIMEOUT", "idle timeout"],
  ["FORKD_E_SESSION_TIMEOUT", "session timeout"],
  ["FORKD_E_LINE_TOO_LONG", "line too long"],
  ["FORKD_E_DRAINING", "drained"],
]);

const { errno: numbers } = constants;
const errnosOfPeers = new Set([
  numbers.ECONNRESET,
  numbers.EPIPE,
  numbers.ETIMEDOUT,
  numbers.ECONNABORTED,
  numbers.ENOTCONN,
  numbers.EHOSTUNREACH,
  numbers.ENETUNREACH,
  numbers.ENETDOWN,
  numbers.ENETRESET,
  numbers.EPROTO,
]);

function describe(cause: unknown): string {
  if (typeof cause === "number") return describeErrno(cause);
  return cause instanceof Error ? cause.message : "it closed the connection";
}
