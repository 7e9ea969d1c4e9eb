import { calledOff, nothingToCallOff } from "./failure.ts";
import type { Supervisor } from "./supervisor.ts";

/**
 * Has reloads not be made that are wanted: those that wait for their turn, and the one under way until its zygote is prepared.
 * @throws ForkdError `FORKD_E_USAGE` if there is none
 */
export function callOffReloads({ reloads, zygotes: { next } }: Supervisor): void {
  const isUnderWay = next !== undefined && reloads.isBy(next) && !next.isPrepared;
  if (!isUnderWay && !reloads.areWanted) throw nothingToCallOff();
  reloads.withdraw(calledOff());
  if (!isUnderWay) return;
  next.error = calledOff();
  next.kill();
}
