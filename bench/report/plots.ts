import { reference } from "../contestants/forkd.ts";
import { tickSeconds } from "../harness/load.ts";
import type { Results, Sample } from "../results.ts";
import { type Bars, drawBars, drawLines } from "./charts.ts";
import { contestantsIn, type Figure, medianOf, ratioOf, ratioToReference } from "./compare.ts";

export interface Plot {
  /** The file, without its folder. */
  readonly file: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly svg: string;
}

/** The plots of all that was measured. */
export function drawPlots(results: Results): Plot[] {
  const plots = [
    bars(results, "short", {
      title: "Short connections, 16 at a time",
      subtitle: `connections/s, ${reference} = 1: longer is better`,
      of: { scenario: "short", variant: "16 at a time", figure: "perSecond" },
      digits: 2,
    }),
    bars(results, "latency", {
      title: "One short connection at a time",
      subtitle: `median latency, ${reference} = 1: shorter is better`,
      of: { scenario: "short", variant: "1 at a time", figure: "p50" },
      digits: 2,
    }),
    bars(results, "long", {
      title: "16 long connections",
      subtitle: `messages/s, ${reference} = 1: longer is better`,
      of: { scenario: "long", variant: "16 connections", figure: "messagesPerSecond" },
      digits: 2,
    }),
    bars(results, "memory", {
      title: "Memory of an idle connection",
      subtitle: "private MiB, of 100 connections: shorter is better",
      of: { scenario: "memory", variant: "100 idle", figure: "privateMiB" },
      digits: 2,
      absolute: true,
    }),
    heldPlot(results),
    reloadPlot(results),
  ];
  return plots.filter((drawn) => drawn !== undefined);
}

type Question = Pick<Bars, "title" | "subtitle" | "digits"> & {
  readonly of: Omit<Figure, "contestant">;
  /** Whether the figures themselves are shown, and not their ratios to the reference's. */
  readonly absolute?: boolean;
};

function bars(results: Results, name: string, { of, absolute, ...drawn }: Question): Plot | undefined {
  const value = absolute === true ? medianOf : ratioToReference;
  const shown = contestantsIn(results, of.scenario, of.variant).flatMap((contestant) => {
    const found = value(results, { ...of, contestant });
    return found === undefined ? [] : [{ name: contestant, value: found }];
  });
  return plotOf(name, drawn, shown, (all) => drawBars({ ...drawn, bars: all }));
}

function heldPlot(results: Results): Plot | undefined {
  const titled = {
    title: "Short connections while others are held open",
    subtitle: "connections/s, without any held = 1: flat is better",
  };
  const lines = contestantsIn(results, "held").map((contestant) => ({
    name: contestant,
    points: heldPoints(results, contestant),
  }));
  return plotOf("held", titled, lines, (all) =>
    drawLines({ ...titled, x: "connections held open", y: "rate", lines: all }),
  );
}

function heldPoints(results: Results, contestant: string): [number, number][] {
  const of = (variant: string) => ({ scenario: "held", variant, contestant, figure: "perSecond" });
  const variants = new Set(samplesIn(results, "held").map(({ variant }) => variant));
  return [...variants].flatMap((variant) => {
    const ratio = ratioOf(results, of(variant), of("0 held"));
    return ratio === undefined ? [] : [[Number.parseInt(variant, 10), ratio]];
  });
}

/** The round that is shown is the first: medians of all would hide what happens in one. */
function reloadPlot(results: Results): Plot | undefined {
  const titled = {
    title: "A reload two seconds into the load",
    subtitle: "connections in each tenth of a second, median before = 1, in the first round",
  };
  const first = samplesIn(results, "reload").filter(({ round }) => round === 1);
  const lines = first.map(({ contestant, timeline = [] }) => ({
    name: contestant,
    points: timeline.map((value, tick): [number, number] => [tick * tickSeconds, value]),
  }));
  return plotOf("reload", titled, lines, (all) => drawLines({ ...titled, x: "seconds", y: "rate", lines: all }));
}

function samplesIn({ samples }: Results, scenario: string): Sample[] {
  return samples.filter((sample) => sample.scenario === scenario);
}

function plotOf<T>(
  name: string,
  { title, subtitle }: Pick<Bars, "title" | "subtitle">,
  shown: readonly T[],
  draw: (shown: readonly T[]) => string,
): Plot | undefined {
  if (shown.length === 0) return undefined;
  return { file: `benchmark-${name}.svg`, alt: `${title}: ${subtitle}`, svg: draw(shown) };
}
