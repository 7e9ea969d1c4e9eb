import type { Settings } from "../config/settings.ts";
import { isAtLeast } from "../log/levels.ts";
import { shownPeer } from "../log/peer.ts";
import { native } from "../native.ts";
import { endLevels } from "../scoreboard/ended-worker.ts";
import { usageSince } from "../scoreboard/usage.ts";
import { outcomeNumber, type Outcome } from "../scoreboard/states.ts";
import type { Workplace } from "./main.ts";
import { endIfExiting } from "./uncaught.ts";

/** Notes how the connection ended: in the slot, in the counters, and in the log as loudly as it deserves. */
export function recordEnd(workplace: Workplace, outcome: Outcome, error?: unknown): void {
  native.recordEnd(outcomeNumber(outcome));
  if (endLevels[outcome] !== "info") reportEnd(workplace, outcome, error);
  else if (tellsEnds(workplace.settings)) workplace.pipeLog.tellEnd();
  workplace.slot.markReported();
}

/** Whether connections that end as usual are told of. */
const tellsEnds = ({ connectionLog, logLevel }: Settings): boolean => connectionLog && isAtLeast("info", logLevel);

function reportEnd({ slot, settings, pipeLog }: Workplace, outcome: Outcome, error: unknown): void {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const used = { userMs: userCPUTime / 1e3, systemMs: systemCPUTime / 1e3, maxRssKib: maxRSS };
  pipeLog.log[endLevels[outcome]](`connection ended: ${outcome}`, {
    peer: shownPeer(slot.peer, settings),
    reason: outcome,
    ms: slot.age,
    bytesIn: slot.bytesIn,
    bytesOut: slot.bytesOut,
    ...usageSince(slot.usedBefore, used),
    ...(isFailure(outcome) ? { err: error } : {}),
  });
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
