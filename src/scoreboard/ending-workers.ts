import { constants } from "node:os";
import { native } from "../native.ts";
import type { Undertaker } from "./ended-worker.ts";

const { SIGTERM, SIGKILL } = constants.signals;

/** A deadline is a worker's own affair, up to half a second beyond it; then it is given so much longer, in ms. */
const mercy = 2000;
const deafness = "does not heed its deadline";
const lateness = "was not through afterFork within startTimeout";

/** Has a worker leave. SIGTERM waits until afterFork is done, which may be never; without a client there is nothing to wait for. */
export function tellToLeave(slot: number, { registry, slots }: Undertaker): void {
  native.kill(registry.pid(slot), slots.dismiss(slot) ? SIGKILL : SIGTERM);
}

/** Kills a worker that never comes to wait for a connection, or that has taken the signal of its deadline from forkd. */
export function killIfAtFault(slot: number, undertaker: Undertaker): void {
  const { registry, log } = undertaker;
  const fault = registry.isCondemned(slot) ? undefined : faultOf(slot, undertaker);
  if (fault === undefined) return;
  registry.condemn(slot);
  const pid = registry.pid(slot);
  log.error(`a worker ${fault}, and is killed`, { role: "worker", pid, generation: registry.generation(slot) });
  native.kill(pid, SIGKILL);
}

function faultOf(slot: number, { registry, slots, settings }: Undertaker): string | undefined {
  if (slots.isStarting(slot)) return registry.age(slot) > settings.startTimeout ? lateness : undefined;
  return slots.deadline(slot) < native.now() - mercy ? deafness : undefined;
}
