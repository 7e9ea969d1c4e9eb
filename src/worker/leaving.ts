import { isAtLeast } from "../log/levels.ts";
import { native } from "../native.ts";
import { endLevels } from "../scoreboard/ended-worker.ts";
import { outcomeNumber, type Outcome } from "../scoreboard/states.ts";
import type { Workplace } from "./main.ts";
import { endIfExiting } from "./uncaught.ts";

/** Notes how the connection ended: in the slot, in the counters, and in the log as loudly as it deserves. */
export function recordEnd({ slot, settings, pipeLog }: Workplace, outcome: Outcome, error?: unknown): void {
  native.recordEnd(outcomeNumber(outcome));
  const level = endLevels[outcome];
  if (isAtLeast(level, settings.logLevel)) {
    pipeLog.log[level](`connection ended: ${outcome}`, {
      peer: slot.peer,
      reason: outcome,
      ms: slot.age,
      ...(isFailure(outcome) ? { err: error } : {}),
    });
  }
  slot.markReported();
}

/** Whether this worker, having `served` so many connections, accepts another. */
export function staysAfter({ settings }: Workplace, outcome: Outcome, served: number): boolean {
  if (native.isDraining() === 1 || native.isCurrent() === 0) return false;
  return !isFailure(outcome) && served < settings.connectionsPerWorker;
}

/** What the worker exits with after its last connection. */
export function exitStatusAfter(outcome: Outcome): number {
  return isFailure(outcome) ? 1 : Number(process.exitCode ?? 0);
}

/** The handler threw, or nobody caught an error of its. */
const isFailure = (outcome: Outcome): boolean => endLevels[outcome] === "error";

/** Ends the worker; `exit` listeners of user code are called. Never by exit(3): `process.reallyExit` is ours. */
export function leave(status = 0): never {
  if (process.listenerCount("exit") === 0) native.exit(status);
  try {
    return process.exit(status === 0 ? undefined : status);
  } catch (error) {
    endIfExiting(error);
    throw error;
  }
}
