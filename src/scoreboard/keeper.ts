import { constants } from "node:os";
import type { Settings } from "../config/settings.ts";
import type { Log } from "../log/record.ts";
import { native } from "../native.ts";
import { now } from "./clock.ts";
import type { Header } from "./header.ts";
import type { FatalLimits } from "./limits.ts";
import type { Registry } from "./registry.ts";
import type { Slots } from "./slots.ts";
import type { Outcome } from "./states.ts";

const { SIGTERM, SIGKILL } = constants.signals;

/** A deadline is a worker's own affair, up to half a second beyond it; then it is given so much longer, in ms. */
const mercy = 2000;
const deafness = "does not heed its deadline";
const lateness = "was not through afterFork within startTimeout";

/** How often to look for workers that are at fault, if nothing else happens. */
export const lookInterval = 2000;

/** What whoever has workers has at hand: a zygote, or the supervisor for those that a zygote has left. */
export interface Keeper {
  readonly registry: Registry;
  readonly slots: Slots;
  readonly header: Header;
  readonly settings: FatalLimits &
    Pick<Settings, "startTimeout" | "drainTimeout" | "connectionsPerWorker" | "connectionLog" | "anonymizePeers">;
  readonly log: Log;
  /** When its workers, who have been told to leave, must have left, by the clock of the scoreboard. */
  readonly deadline?: number;
  /** Whether the daemon stops at once: SIGKILL is its own then. */
  readonly isStopping?: boolean;
}

/** Has a worker leave. SIGTERM waits until afterFork is done, which may be never; without a client there is nothing to wait for. */
export function tellToLeave(slot: number, { registry, slots }: Keeper): void {
  native.kill(registry.pid(slot), slots.dismiss(slot) ? SIGKILL : SIGTERM);
}

/** Kills a worker, whose connection ends so: whoever buries it will tell that, and not that it was killed. */
export function killFor(
  outcome: Outcome,
  slot: number,
  { registry, slots, header }: Pick<Keeper, "registry" | "slots" | "header">,
): void {
  if (slots.isBusy(slot) && slots.noteOutcome(slot, outcome)) header.countEnd(outcome);
  native.kill(registry.pid(slot), SIGKILL);
}

/** Kills a worker that never comes to wait for a connection, or that has taken the signal of its deadline from forkd. */
export function killIfAtFault(slot: number, keeper: Keeper): void {
  const { registry, log } = keeper;
  const fault = registry.isCondemned(slot) ? undefined : faultOf(slot, keeper);
  if (fault === undefined) return;
  registry.condemn(slot);
  const pid = registry.pid(slot);
  log.error(`a worker ${fault}, and is killed`, { role: "worker", pid, generation: registry.generation(slot) });
  if (hasOverstayedDrain(slot, keeper)) killFor("drain timeout", slot, keeper);
  else native.kill(pid, SIGKILL);
}

const hasOverstayedDrain = (slot: number, { slots, deadline = Infinity }: Keeper): boolean =>
  isLongPast(Math.min(slots.drainDeadline(slot), deadline));

const isLongPast = (deadline: number): boolean => deadline < now() - mercy;

function faultOf(slot: number, { registry, slots, settings, deadline = Infinity }: Keeper): string | undefined {
  if (slots.isStarting(slot)) return registry.age(slot) > settings.startTimeout ? lateness : undefined;
  return isLongPast(Math.min(slots.deadline(slot), deadline)) ? deafness : undefined;
}
