import { reference } from "../contestants/forkd.ts";
import { describeInOneLine } from "../harness/machine.ts";
import { median } from "../harness/statistics.ts";
import type { Results } from "../results.ts";
import { scenarios } from "../scenarios/all.ts";
import type { Column, Scenario } from "../scenarios/scenario.ts";
import { contestantsIn, type Figure, ratioToReference, valuesOf, variantsOf } from "./compare.ts";
import { formatTable } from "./table.ts";
import { judgeTargets, targetRow, targetHeads } from "./targets.ts";

/** All results as text: the machine, a table for each question and its variants, the targets, and what failed. */
export function formatReport(results: Results): string {
  const sections = [
    `${describeInOneLine(results.machine)}; load before: ${results.machine.loadBefore.toFixed(2)}`,
    ...scenarios.flatMap((scenario) => formatScenario(results, scenario)),
    ...formatTargets(results),
    ...results.failures.map((failure) => `Not measured: ${failure}`),
  ];
  return `${sections.join("\n\n")}\n`;
}

function formatScenario(results: Results, scenario: Scenario): string[] {
  return variantsOf(results, scenario.name).map((variant) => {
    const heads = ["", ...scenario.columns.flatMap(headsOf)];
    const rows = contestantsIn(results, scenario.name, variant).map((contestant) => [
      contestant,
      ...scenario.columns.flatMap((column) =>
        cellsOf(results, column, { scenario: scenario.name, variant, contestant, figure: column.figure }),
      ),
    ]);
    return `${scenario.title}\n${variant}; ${roundsOf(scenario, results)}\n\n${formatTable(heads, rows)}`;
  });
}

function roundsOf({ once }: Scenario, { rounds }: Results): string {
  return once || rounds === 1 ? "measured once" : `medians of ${rounds} rounds`;
}

function headsOf({ head, compared }: Column): string[] {
  const spread = compared === undefined ? [] : ["least", "most"];
  return [head, ...spread, ...(compared === "by ratio" ? [`/ ${reference}`] : [])];
}

function cellsOf(results: Results, column: Column, figure: Figure): string[] {
  const { of = "median", digits, compared } = column;
  const values = valuesOf(results, figure);
  if (values.length === 0) return headsOf(column).map(() => "–");
  const spread = compared === undefined ? [] : [Math.min(...values), Math.max(...values)];
  const figures = [summaries[of](values), ...spread].map((value) => value.toFixed(digits));
  return compared === "by ratio" ? [...figures, ratioToReference(results, figure)?.toFixed(2) ?? "–"] : figures;
}

const summaries = {
  median,
  most: (values: readonly number[]) => Math.max(...values),
  sum: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0),
};

function formatTargets(results: Results): string[] {
  const judged = judgeTargets(results);
  return judged.length === 0 ? [] : [`Targets\n\n${formatTable(targetHeads, judged.map(targetRow))}`];
}
