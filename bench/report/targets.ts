import { reference } from "../contestants/forkd.ts";
import type { Results } from "../results.ts";
import { type Figure, medianOf, ratioOf } from "./compare.ts";

/** What a figure, or its ratio to another, should come to: the median of the rounds. */
interface Target {
  readonly what: string;
  readonly figure: Figure;
  /** What it is divided by, round by round. */
  readonly against?: Figure;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Judged extends Target {
  /** What was measured; undefined if this was not. */
  readonly value: number | undefined;
  readonly met: boolean;
}

/** The targets of which something was measured in this run, the whole scenario at least. */
export function judgeTargets(results: Results): Judged[] {
  const measured = new Set(results.samples.map(({ scenario }) => scenario));
  return targets.filter(({ figure }) => measured.has(figure.scenario)).map((target) => judge(results, target));
}

export const targetHeads = ["target", "", "bound", "measured", ""];

export function targetRow({ what, against, atLeast, atMost, value, met, figure }: Judged): string[] {
  const verdict = value === undefined ? "not measured" : met ? "met" : "NOT MET";
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return [what, versus(figure, against), bound, value?.toPrecision(3) ?? "–", verdict];
}

function versus(figure: Figure, against: Figure | undefined): string {
  if (against === undefined) return figure.contestant;
  const other = against.contestant === figure.contestant ? against.variant : against.contestant;
  return `${figure.contestant} / ${other}`;
}

function judge(results: Results, target: Target): Judged {
  const { figure, against, atLeast = 0, atMost = Number.POSITIVE_INFINITY } = target;
  const value = against === undefined ? medianOf(results, figure) : ratioOf(results, figure, against);
  return { ...target, value, met: value !== undefined && value >= atLeast && value <= atMost };
}

const async = "forkd-fresh-async";
const reused = "forkd-reused-blocking";
const reusedAsync = "forkd-reused-async";

const targets: readonly Target[] = [
  ...rates("fresh process, blocking, 16 at a time", reference, {
    "python-fork": 1.7,
    "php-fork": 2.7,
    xinetd: 1.5,
    "perl-prefork": 1.5,
    "node-fork": 50,
    "c-fork": 0.3,
  }),
  ...rates("fresh process, async, 16 at a time", async, { "python-fork": 1.2, "php-fork": 2, "node-fork": 30 }),
  ...rates("re-used 100 times, blocking, 16 at a time", reused, { "node-net": 1, "c-fork": 1.7 }),
  ...rates("re-used 100 times, async, 16 at a time", reusedAsync, { "node-net": 0.8 }),
  p50(reused, 1),
  p50(reference, 4),
  ...[reference, async].flatMap((contestant) => [
    long("messages/s on 16 long connections", "messagesPerSecond", contestant),
    long("MB/s on 16 long connections", "megabytesPerSecond", contestant),
  ]),
  idle("private MiB of an idle connection", "privateMiB", "100 idle", reference, 0.35),
  idle("private MiB of an idle connection", "privateMiB", "100 idle", async, 0.9),
  idle("PSS MiB of all with 1,000 idle connections", "totalMiB", "1000 idle", reference, 1.2 * 1024),
  idle("PSS MiB of all with 1,000 idle connections", "totalMiB", "1000 idle", async, 1.2 * 1024),
  ...[reference, async].flatMap(flatness),
  ...[reference, async].map(noDecay),
  ...[reference, async].map(readiness),
];

function rates(what: string, contestant: string, others: Readonly<Record<string, number>>): Target[] {
  const of = (name: string) => ({
    scenario: "short",
    variant: "16 at a time",
    contestant: name,
    figure: "perSecond",
  });
  return Object.entries(others).map(([other, atLeast]) => ({
    what,
    figure: of(contestant),
    against: of(other),
    atLeast,
  }));
}

function p50(contestant: string, atMost: number): Target {
  const of = (name: string) => ({ scenario: "short", variant: "1 at a time", contestant: name, figure: "p50" });
  return { what: "p50 of one connection at a time", figure: of(contestant), against: of("c-fork"), atMost };
}

function long(what: string, figure: string, contestant: string): Target {
  const of = (name: string) => ({ scenario: "long", variant: "16 connections", contestant: name, figure });
  return { what, figure: of(contestant), against: of("node-net"), atLeast: 1 };
}

function idle(what: string, figure: string, variant: string, contestant: string, atMost: number): Target {
  return { what, figure: { scenario: "memory", variant, contestant, figure }, atMost };
}

function flatness(contestant: string): Target[] {
  const of = (variant: string, figure: string) => ({ scenario: "held", variant, contestant, figure });
  return [
    {
      what: "fork time with 3,000 connections held",
      figure: of("3000 held", "forkMicroseconds"),
      against: of("0 held", "forkMicroseconds"),
      atMost: 1.3,
    },
    {
      what: "connections/s with 3,000 connections held",
      figure: of("3000 held", "perSecond"),
      against: of("0 held", "perSecond"),
      atLeast: 0.77, // 1 / 1.3
    },
  ];
}

function noDecay(contestant: string): Target {
  const figure = { scenario: "decay", variant: "100000 forks", contestant, figure: "kept" };
  return { what: "rate of the last 10,000 of 100,000 forks, of the first", figure, atLeast: 0.95 };
}

function readiness(contestant: string): Target {
  const figure = { scenario: "ready", variant: "started", contestant, figure: "ratio" };
  return { what: "from `forkd run` to ready, of `node -e 0`", figure, atMost: 2.5 };
}
