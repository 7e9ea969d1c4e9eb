import { native } from "../native.ts";

const ms = new Float64Array(1);

/**
 * The time of the scoreboard's clock, CLOCK_MONOTONIC of clock_gettime(2), in ms. It is read from memory, for a number that
 * JavaScript is given by C is an object of its own, and the zygote, which is to make no garbage, asks several times for each fork.
 */
export function now(): number {
  native.readClock(ms);
  return ms[0] as number;
}
