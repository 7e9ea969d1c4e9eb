import { native, type Result } from "../native.ts";
import { State } from "../scoreboard/states.ts";

/** How workers come to be. */
export interface Breeder {
  /** What the log calls it. */
  readonly verb: "fork" | "spawn";
  /** The state from which on a new worker is as good as waiting for connections. */
  readonly readyState: number;
  /** A new worker's pid; 0 in the worker, if that is a copy of this process; or `-errno`. */
  breed(slot: number, generation: number, forkNumber: number): Result;
}

/** Copies of this process; `runsFirst` says whether user code runs in them before they wait for connections. */
export function forking(runsFirst: boolean): Breeder {
  if (runsFirst) native.ringAtFirst();
  return {
    verb: "fork",
    readyState: runsFirst ? State.idle : State.starting,
    breed: (slot, generation, forkNumber) => native.fork(slot, generation, forkNumber),
  };
}
