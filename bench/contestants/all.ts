import type { Contestant } from "./contestant.ts";
import { forkdContestants } from "./forkd.ts";
import { peers } from "./peers.ts";

export const contestants: readonly Contestant[] = [...forkdContestants, ...peers];

/** All of them, and all but those that start a Node for each connection. */
export const everybody = contestants.map(({ name }) => name);
export const light = contestants.filter(({ weight }) => weight === "light").map(({ name }) => name);
