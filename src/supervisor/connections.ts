import { constants } from "node:os";
import type { ConnectionInfo } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { now } from "../scoreboard/clock.ts";
import { killFor } from "../scoreboard/keeper.ts";
import type { Slots } from "../scoreboard/slots.ts";
import { State } from "../scoreboard/states.ts";
import type { Service } from "./service.ts";

const { SIGTERM } = constants.signals;

/** Those that are being served: by nobody, until the module is loaded. */
export function connectionsOf(service: Service | undefined): ConnectionInfo[] {
  if (service === undefined) return [];
  const { registry, slots, settings } = service;
  return busySlots(service).map((slot) => ({
    id: slots.connectionId(slot),
    pid: registry.pid(slot),
    peer: slots.peer(slot),
    ageMs: slots.age(slot),
    idleMs: idleOf(slots, slot, settings.idleTimeout),
    bytesIn: slots.bytesIn(slot),
    bytesOut: slots.bytesOut(slot),
    generation: registry.generation(slot),
    state: slots.state(slot) === State.draining ? "draining" : "busy",
  }));
}

const busySlots = ({ registry, slots }: Service): number[] => registry.taken().filter((slot) => slots.isBusy(slot));

/**
 * Has the worker of a connection drain, or kills it: the log tells of its end. Whoever keeps the worker kills it, too, if it is
 * still there after `drainTimeout`, for it may be stopped or have taken the signal for itself.
 * @returns its pid
 * @throws ForkdError `FORKD_E_NO_CONNECTION`
 */
export function endConnection(service: Service | undefined, id: string, atOnce: boolean): number {
  const slot = service && busySlots(service).find((busy) => service.slots.connectionId(busy) === id);
  if (service === undefined || slot === undefined) {
    throw new ForkdError(
      "FORKD_E_NO_CONNECTION",
      `There is no connection ${id}: "forkd connections" lists those there are.`,
    );
  }
  const { registry, slots, settings } = service;
  const pid = registry.pid(slot);
  slots.limitDrain(slot, now() + settings.drainTimeout);
  if (atOnce) killFor("terminated", slot, service);
  else if (slots.state(slot) === State.busy) native.kill(pid, SIGTERM); // a second one would end it: it is told once
  return pid;
}

/** The deadline is put off with each byte. */
function idleOf(slots: Slots, slot: number, idleTimeout: number): number | null {
  const deadline = slots.idleDeadline(slot);
  return deadline === Infinity ? null : Math.max(0, Math.round(now() - (deadline - idleTimeout)));
}
