import { writeFileSync } from "node:fs";
import type { Entry } from "./entry.ts";
import type { Machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { decayOf, ratioToReference } from "./compare.ts";
import { median } from "./statistics.ts";

/** Writes everything that was measured, raw and summed up, as one JSON file. */
export function writeResults(file: string, entries: readonly Entry[], machine: Machine, options: Options): void {
  const { rounds, connections, concurrency } = options;
  const results = {
    machine,
    options: { rounds, connections, concurrency },
    contestants: entries.map((entry) => describe(entry, entries)),
  };
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

function describe(entry: Entry, entries: readonly Entry[]): object {
  const { contestant, version, rounds, memory, decay, failure } = entry;
  return {
    name: contestant.name,
    title: contestant.title,
    version,
    failure,
    perSecond: rounds.length === 0 ? undefined : median(rounds.map(({ perSecond }) => perSecond)),
    ratio: ratioToReference(entry, entries),
    memory,
    decay: decay && { ...decayOf(decay), load: decay },
    rounds,
  };
}
