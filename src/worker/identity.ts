import type { PipeLog } from "../log/pipe-log.ts";
import type { Fields } from "../log/record.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";

const ofZygote = process.pid;
let pid = ofZygote;

/**
 * In the zygote: what Node reads once and for all, `process.pid`, and what is said of whose a record is, will be right in
 * each child, as soon as it has become itself.
 */
export function prepareIdentity(slot: OwnSlot, pipeLog: PipeLog): void {
  const { identity } = pipeLog;
  Object.defineProperty(process, "pid", { configurable: true, enumerable: true, get: () => pid });
  pipeLog.identity = () => (pid === ofZygote ? identity() : identityOf(slot));
}

/** In a child: it is not its parent any more. */
export function becomeOneself(slot: OwnSlot): void {
  pid = slot.pid;
}

/** Whose a worker's record is, and of which connection. */
export const identityOf = (slot: OwnSlot): Fields => ({
  role: "worker",
  pid: process.pid,
  generation: slot.generation,
  ...(slot.isBusy ? { connection: slot.connectionId } : {}),
});
