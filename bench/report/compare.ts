import { reference } from "../contestants/forkd.ts";
import { median } from "../harness/statistics.ts";
import type { Results, Sample } from "../results.ts";

/** One figure of one contestant, in certain circumstances. */
export interface Figure {
  readonly scenario: string;
  readonly variant: string;
  readonly contestant: string;
  readonly figure: string;
}

/** A figure in all rounds in which it was measured. */
export function valuesOf(results: Results, figure: Figure): number[] {
  return samplesOf(results, figure).flatMap(({ figures }) => figures[figure.figure] ?? []);
}

/** The median of the rounds; undefined of what was not measured. */
export function medianOf(results: Results, figure: Figure): number | undefined {
  const values = valuesOf(results, figure);
  return values.length === 0 ? undefined : median(values);
}

/** One figure in terms of another: the median of the ratios within each round. */
export function ratioOf(results: Results, figure: Figure, other: Figure): number | undefined {
  const others = new Map(samplesOf(results, other).map(({ round, figures }) => [round, figures[other.figure]]));
  const ratios = samplesOf(results, figure).flatMap(({ round, figures }) => {
    const value = figures[figure.figure];
    const base = others.get(round);
    return value === undefined || base === undefined || base === 0 ? [] : [value / base];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** A figure in terms of the reference's. */
export function ratioToReference(results: Results, figure: Figure): number | undefined {
  return ratioOf(results, figure, { ...figure, contestant: reference });
}

/** In the order in which they were measured. */
export function variantsOf({ samples }: Results, scenario: string): string[] {
  return [...new Set(samples.filter((sample) => sample.scenario === scenario).map(({ variant }) => variant))];
}

/** Who was measured in a scenario, in the order in which contestants are listed. */
export function contestantsIn({ samples, contestants }: Results, scenario: string, variant?: string): string[] {
  const measured = samples.filter((each) => each.scenario === scenario && (variant ?? each.variant) === each.variant);
  const names = new Set(measured.map(({ contestant }) => contestant));
  return contestants.map(({ name }) => name).filter((name) => names.has(name));
}

function samplesOf({ samples }: Results, figure: Figure): Sample[] {
  return samples.filter(
    ({ scenario, variant, contestant }) =>
      scenario === figure.scenario && variant === figure.variant && contestant === figure.contestant,
  );
}
