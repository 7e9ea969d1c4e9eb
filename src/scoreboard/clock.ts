import { native } from "../native.ts";

const ms = new Float64Array(1);

/**
 * The time of the scoreboard's clock, in ms, as `native.now()` tells it, but without garbage: a number that JavaScript is given by C
 * is an object of its own, and the zygote asks several times for each fork.
 */
export function now(): number {
  native.readClock(ms);
  return ms[0] as number;
}
