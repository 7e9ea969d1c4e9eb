import type { PipeLog } from "../log/pipe-log.ts";
import type { OwnSlot } from "../scoreboard/own-slot.ts";
import { reseedMathRandom } from "../zygote/randomness.ts";

let pid = process.pid;

/** In the zygote: `process.pid`, which Node reads once and for all, becomes what it is in each child. */
export function makePidOneself(): void {
  Object.defineProperty(process, "pid", { configurable: true, enumerable: true, get: () => pid });
}

/** In a child: what it copied of its parent's identity, and must not share with its siblings. */
export function becomeOneself(slot: OwnSlot, pipeLog: PipeLog): void {
  pid = slot.pid;
  reseedMathRandom();
  signRecords(slot, pipeLog);
}

/** The worker's records say whose they are, and of which connection. */
export function signRecords(slot: OwnSlot, pipeLog: PipeLog): void {
  pipeLog.identity = () => ({
    role: "worker",
    pid: process.pid,
    generation: slot.generation,
    ...(slot.isBusy ? { connection: slot.connectionId } : {}),
  });
}
