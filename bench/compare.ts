import { reference } from "./contestants.ts";
import type { Entry } from "./entry.ts";
import type { Load } from "./load.ts";
import { decayConnections } from "./measure.ts";
import { median, overallRate } from "./statistics.ts";

/** A contestant's rate in terms of the reference's: the median of the ratios within each round. */
export function ratioToReference(entry: Entry, entries: readonly Entry[]): number | undefined {
  const rounds = entries.find(({ contestant }) => contestant.name === reference)?.rounds ?? [];
  const ratios = entry.rounds.flatMap((load, round) => {
    const other = rounds[round];
    return other === undefined || other.perSecond === 0 ? [] : [load.perSecond / other.perSecond];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** The rates of the first and the last connections; undefined when time was up before all were served. */
export function decayOf(load: Load | undefined): { first: number; last: number } | undefined {
  const slices = load?.slices ?? [];
  if (slices.length < decayConnections.all / 1000) return undefined;
  const compared = decayConnections.compared / 1000;
  return { first: overallRate(slices.slice(0, compared)), last: overallRate(slices.slice(-compared)) };
}
