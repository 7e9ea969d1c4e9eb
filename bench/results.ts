import { readFileSync, writeFileSync } from "node:fs";
import type { Machine } from "./harness/machine.ts";

/** All that one run has found out. Tables, targets and plots are made of this alone. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  /** How long a measurement of a rate took. */
  readonly seconds: number;
  readonly contestants: readonly Participant[];
  /** What could not be measured, in sentences. */
  readonly failures: readonly string[];
  readonly samples: readonly Sample[];
}

export interface Participant {
  readonly name: string;
  readonly title: string;
  readonly version: string | undefined;
}

/** What one turn of a contestant in a scenario has shown. */
export interface Sample extends Figures {
  readonly scenario: string;
  readonly contestant: string;
  readonly round: number;
}

/** Figures that belong together, and the circumstances in which they hold, such as "16 at a time". */
export interface Figures {
  readonly variant: string;
  readonly figures: Readonly<Record<string, number>>;
  /** What happened in each tenth of a second, where that matters. */
  readonly timeline?: readonly number[];
}

/** Writes one line for each sample, so that a person can read them. */
export function writeResults(file: string, { samples, ...rest }: Results): void {
  const head = JSON.stringify(rest, undefined, 2).replace(/\n\}$/, "");
  const lines = samples.map((sample) => `    ${JSON.stringify(sample, rounded)}`);
  writeFileSync(file, `${head},\n  "samples": [\n${lines.join(",\n")}\n  ]\n}\n`);
}

// No measurement is better than that.
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, "utf8"));
}
