import type { Amounts } from "../amounts.ts";
import type { Entry } from "../harness/entry.ts";
import type { Tools } from "../harness/tools.ts";
import type { Figures } from "../results.ts";

/** One question that the contestants are asked. */
export interface Scenario {
  readonly name: string;
  /** The question. */
  readonly title: string;
  /** The names of those who are asked. */
  readonly contestants: readonly string[];
  /** Whether the answer is the same each time, so that one round will do. */
  readonly once: boolean;
  /** The figures that its tables show. */
  readonly columns: readonly Column[];
  /** About how long one turn of one contestant takes. */
  readonly expectedSeconds: (amounts: Amounts) => number;
  /** One turn of one contestant, which is started for it and ended after it. */
  readonly measure: (turn: Turn) => Promise<readonly Figures[]>;
}

export interface Turn {
  readonly entry: Entry;
  readonly round: number;
  readonly tools: Tools;
  readonly amounts: Amounts;
}

export interface Column {
  readonly head: string;
  /** The figure's name in a sample. */
  readonly figure: string;
  readonly digits: number;
  /** Whether contestants are compared by it, and how: its ratio to forkd's is shown, or, where it is a ratio, itself. */
  readonly compared?: "by ratio" | "as it is";
  /** What stands for all rounds: the median by default. */
  readonly of?: "median" | "most" | "sum";
}

/** A start and an end of a server, about. */
export const startSeconds = 1.2;
