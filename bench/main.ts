/**
 * The benchmark: the same job served by forkd and by its peers, in turn, on this machine.
 *
 * It asserts nothing. Figures are comparable within one run only; see docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, enter } from "./harness/entry.ts";
import { describeMachine } from "./harness/machine.ts";
import { clearProgress, say, showProgress } from "./harness/progress.ts";
import { sentenceOf } from "./harness/sentence.ts";
import { makeTools, straceIsMissing, type Tools } from "./harness/tools.ts";
import { takeTurns } from "./harness/turns.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { writePage } from "./report/page.ts";
import { formatReport } from "./report/tables.ts";
import { readResults, type Results, writeResults } from "./results.ts";
import { scenarios } from "./scenarios/all.ts";
import type { Scenario } from "./scenarios/scenario.ts";

// A machine that does other work at the same time gives figures that mean nothing.
const quietLoad = 0.5;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else if (options.report !== undefined) writePage(readResults(options.report), options.docs);
  else await main(options);
} catch (error) {
  say(sentenceOf(error));
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  const results = await measure(options, makeFolder());
  clearProgress();
  process.stdout.write(formatReport(results));
  writeResults(options.json, results);
  say(`All figures are in ${options.json}.`);
}

async function measure({ scenarios: names, only, amounts }: Options, folder: string): Promise<Results> {
  const machine = describeMachine();
  if (machine.loadBefore > quietLoad)
    say(`This machine is busy (load ${machine.loadBefore.toFixed(2)}): expect noise.`);
  showProgress("compiling");
  const tools = makeTools(folder);
  const entries = enter(only, folder);
  const chosen = scenarios.filter(({ name }) => names?.includes(name) ?? true);
  const missing = missingFor(chosen, entries, tools);
  for (const sentence of missing) say(sentence);
  const { samples, failures } = await takeTurns(chosen, entries, tools, amounts);
  if (samples.length + failures.length + missing.length === 0)
    throw new Error("None of these contestants takes part in these scenarios; docs/benchmarks.md says who does.");
  if (failures.length > 0 || (only !== undefined && missing.length > 0)) process.exitCode = 1;
  const { rounds, seconds } = amounts;
  const contestants = entries.map(({ contestant: { name, title }, version }) => ({ name, title, version }));
  return { machine, rounds, seconds, contestants, failures: [...missing, ...failures], samples };
}

/** What is not installed, in sentences. */
function missingFor(chosen: readonly Scenario[], entries: readonly Entry[], { strace }: Tools): string[] {
  const needsStrace = strace === undefined && chosen.some(({ name }) => name === "cost");
  return [
    ...entries.flatMap(({ contestant: { name }, missing }) => (missing === undefined ? [] : [`${name}: ${missing}`])),
    ...(needsStrace ? [`system calls: ${straceIsMissing}`] : []),
  ];
}

/** The folder for all temporary files. It goes when the benchmark ends, as do the processes, however it ends. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      say("Interrupted.");
      process.exit(128 + constants.signals[signal]);
    });
  }
  return folder;
}
