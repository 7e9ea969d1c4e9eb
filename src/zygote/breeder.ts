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

/** Copies of this process. */
export const forking: Breeder = {
  verb: "fork",
  readyState: State.starting,
  breed: (slot, generation, forkNumber) => native.fork(slot, generation, forkNumber),
};
