import { constants } from "node:os";
import type { ConnectionInfo } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { killFor } from "../scoreboard/keeper.ts";
import type { Slots } from "../scoreboard/slots.ts";
import { State } from "../scoreboard/states.ts";
import type { Service } from "./service.ts";

const { SIGTERM } = constants.signals;

/** Those that are being served. */
export function connectionsOf(service: Service): ConnectionInfo[] {
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
 * Has the worker of a connection drain, or kills it: the log tells of its end.
 * @returns its pid
 * @throws ForkdError `FORKD_E_NO_CONNECTION`
 */
export function endConnection(service: Service, id: string, now: boolean): number {
  const { registry, slots } = service;
  const slot = busySlots(service).find((busy) => slots.connectionId(busy) === id);
  if (slot === undefined) {
    throw new ForkdError(
      "FORKD_E_NO_CONNECTION",
      `There is no connection ${id}: "forkd connections" lists those there are.`,
    );
  }
  const pid = registry.pid(slot);
  if (now) killFor("terminated", slot, service);
  else if (slots.state(slot) === State.busy) native.kill(pid, SIGTERM); // a second one would end it: it is told once
  return pid;
}

/** The deadline is put off with each byte. */
function idleOf(slots: Slots, slot: number, idleTimeout: number): number | null {
  const deadline = slots.idleDeadline(slot);
  return deadline === Infinity ? null : Math.max(0, Math.round(native.now() - (deadline - idleTimeout)));
}
