import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reference } from "../contestants/forkd.ts";
import { describeInOneLine } from "../harness/machine.ts";
import type { Results } from "../results.ts";
import { scenarios } from "../scenarios/all.ts";
import type { Column, Scenario } from "../scenarios/scenario.ts";
import { contestantsIn, medianOf, ratioToReference, variantsOf } from "./compare.ts";
import { drawPlots, type Plot } from "./plots.ts";
import { formatMarkdownTable } from "./table.ts";
import { judgeTargets, targetHeads, targetRow } from "./targets.ts";

const page = "benchmarks.md";
const start = "<!-- results: `npm run bench -- --report FILE` writes from here -->";
const end = "<!-- to here -->";

/** Shows a run in the docs: its plots in `images`, its targets and its ratios between two marks of benchmarks.md. */
export function writePage(results: Results, docs: string): void {
  const plots = drawPlots(results);
  mkdirSync(join(docs, "images"), { recursive: true });
  for (const { file, svg } of plots) writeFileSync(join(docs, "images", file), `${svg}\n`);
  const path = join(docs, page);
  writeFileSync(path, replaceBetweenMarks(readFileSync(path, "utf8"), describe(results, plots), path));
}

function replaceBetweenMarks(text: string, section: string, path: string): string {
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0)
    throw new Error(`${path} should have the lines "${start}" and "${end}", one after the other.`);
  return `${text.slice(0, from)}${start}\n\n${section}\n\n${text.slice(to)}`;
}

function describe(results: Results, plots: readonly Plot[]): string {
  return [
    introduce(results),
    ...plots.map(({ file, alt }) => `![${alt}](images/${file})`),
    ...describeTargets(results),
    ...scenarios.flatMap((scenario) => describeRatios(results, scenario)),
    ...describeFailures(results),
    describeVersions(results),
  ].join("\n\n");
}

function introduce({ machine, rounds, seconds }: Results): string {
  return [
    `Measured on ${machine.date.slice(0, 10)}: ${describeInOneLine(machine)}.`,
    `${rounds} rounds of ${seconds} s; load before: ${machine.loadBefore.toFixed(2)}. All ratios are of this run: another machine has others.`,
  ].join("\n");
}

function describeTargets(results: Results): string[] {
  const rows = judgeTargets(results).map(targetRow);
  const reasons = "Where the time goes that is too much is told in [Performance](performance.md).";
  return rows.length === 0 ? [] : ["### Targets", reasons, formatMarkdownTable(targetHeads, rows)];
}

function describeRatios(results: Results, scenario: Scenario): string[] {
  const compared = scenario.columns.filter((column) => column.compared);
  const variants = variantsOf(results, scenario.name);
  const cells = variants.flatMap((variant) => compared.map((column) => ({ variant, column })));
  const heads = cells.map(({ variant, column }) => headOf(variant, column, compared.length > 1));
  const rows = contestantsIn(results, scenario.name).map((contestant) => [
    contestant,
    ...cells.map(({ variant, column: { figure, compared: how } }) => {
      const value = how === "by ratio" ? ratioToReference : medianOf;
      return value(results, { scenario: scenario.name, variant, contestant, figure })?.toFixed(2) ?? "–";
    }),
  ]);
  if (rows.length === 0) return [];
  return [`### ${scenario.title}`, whatIsCompared(compared), formatMarkdownTable(["", ...heads], rows)];
}

function headOf(variant: string, { head }: Column, several: boolean): string {
  return several ? `${variant}: ${head}` : variant;
}

function whatIsCompared(compared: readonly Column[]): string {
  const heads = compared.map(({ head }) => head).join(", ");
  const ratios = compared.some((column) => column.compared === "by ratio");
  return ratios ? `${heads}; \`${reference}\` = 1.` : `${heads}.`;
}

function describeFailures({ failures }: Results): string[] {
  if (failures.length === 0) return [];
  return ["### Not measured", failures.map((failure) => `- ${failure.split("\n", 1)[0]}`).join("\n")];
}

function describeVersions({ contestants }: Results): string {
  const versions = new Set(contestants.flatMap(({ version }) => version ?? []));
  return ["### Versions", [...versions].map((version) => `- ${version}`).join("\n")].join("\n\n");
}
