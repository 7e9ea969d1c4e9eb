import { decayOf, ratioToReference } from "./compare.ts";
import { reference } from "./contestants.ts";
import type { Entry } from "./entry.ts";
import type { Load } from "./load.ts";
import type { Machine } from "./machine.ts";
import { decayConnections } from "./measure.ts";
import { heldConnections } from "./memory.ts";
import type { Options } from "./options.ts";
import { formatTable } from "./table.ts";
import { median } from "./statistics.ts";

/** All results as text: the machine, the tables, and what could not be measured. */
export function formatReport(entries: readonly Entry[], machine: Machine, options: Options): string {
  const measured = entries.filter(({ rounds }) => rounds.length > 0);
  const rateRows = measured.map((entry) => rateRow(entry, entries));
  const sections = [
    formatMachine(machine),
    ...section(rateTitle(options), rateHeads, rateRows),
    ...section(memoryTitle, ["", "private", "PSS"], measured.flatMap(memoryRow)),
    ...section(decayTitle, ["", "first", "last", "last/first"], measured.flatMap(decayRow)),
    ...entries.flatMap(failureLine),
  ];
  return `${sections.join("\n\n")}\n`;
}

const memoryTitle = `Memory of one idle connection, the mean of ${heldConnections}, in MiB`;
const decayTitle = `Decay: connections/s of the first and the last ${decayConnections.compared} of ${decayConnections.all}`;

function rateTitle({ rounds, concurrency }: Options): string {
  return `Connections/s: median of the rounds (${rounds}), ${concurrency} connections at a time; latencies in ms`;
}

function section(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}\n\n${formatTable(heads, rows)}`];
}

const rateHeads = [
  "",
  "median",
  "least",
  "most",
  `/ ${reference}`,
  "p50",
  "p99",
  "p99.9",
  "max",
  "client CPU",
  "errors",
];

function rateRow(entry: Entry, entries: readonly Entry[]): string[] {
  const { contestant, rounds } = entry;
  const of = (value: (load: Load) => number) => median(rounds.map(value));
  const rates = rounds.map(({ perSecond }) => perSecond);
  return [
    contestant.name,
    ...[median(rates), Math.min(...rates), Math.max(...rates)].map((rate) => rate.toFixed(0)),
    ratioToReference(entry, entries)?.toFixed(2) ?? "–",
    ...[of((load) => load.p50), of((load) => load.p99), of((load) => load.p999)].map((ms) => ms.toFixed(2)),
    Math.max(...rounds.map(({ max }) => max)).toFixed(2),
    `${of(({ cpuSeconds, seconds }) => (seconds > 0 ? (cpuSeconds / seconds) * 100 : 0)).toFixed(0)} %`,
    formatErrors(rounds),
  ];
}

function formatErrors(rounds: readonly Load[]): string {
  const kinds = Object.keys(rounds[0]?.errors ?? {});
  const counts = kinds.map((kind) => [kind, rounds.reduce((sum, { errors }) => sum + (errors[kind] ?? 0), 0)] as const);
  const seen = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
  return seen.length === 0 ? "0" : seen.join(", ");
}

function memoryRow({ contestant, memory }: Entry): string[][] {
  if (memory === undefined) return [];
  return [[contestant.name, ...[memory.privateKiB, memory.pssKiB].map((size) => (size / 1024).toFixed(2))]];
}

function decayRow({ contestant, decay }: Entry): string[][] {
  if (decay === undefined) return [];
  const rates = decayOf(decay);
  if (rates === undefined) return [[contestant.name, `${decay.connections} served`, "", ""]];
  return [[contestant.name, rates.first.toFixed(0), rates.last.toFixed(0), (rates.last / rates.first).toFixed(2)]];
}

function failureLine({ contestant, failure }: Entry): string[] {
  return failure === undefined ? [] : [`Not measured, or not to the end: ${contestant.name}: ${failure}`];
}

function formatMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node, loadBefore } = machine;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; Linux ${kernel}; Node ${node}; load before: ${loadBefore.toFixed(2)}`;
}
