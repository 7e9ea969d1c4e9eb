/**
 * The benchmark: the same job served by forkd and by its peers, in turn, on this machine.
 *
 * It asserts nothing. Figures are comparable within one run only; see docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { enter } from "./entry.ts";
import { describeMachine } from "./machine.ts";
import { measure } from "./measure.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { clearProgress, say, showProgress } from "./progress.ts";
import { formatReport } from "./report.ts";
import { writeResults } from "./results.ts";
import { sentenceOf } from "./sentence.ts";
import { makeTools } from "./tools.ts";

// A machine that does other work at the same time gives figures that mean nothing.
const quietLoad = 0.5;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else await main(options);
} catch (error) {
  say(sentenceOf(error));
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  const machine = describeMachine();
  if (machine.loadBefore > quietLoad)
    say(`This machine is busy (load ${machine.loadBefore.toFixed(2)}): expect noise.`);
  const folder = makeFolder();
  showProgress("compiling");
  const entries = enter(options.only, folder);
  for (const { contestant, failure } of entries) if (failure !== undefined) say(`${contestant.name}: ${failure}`);
  await measure(entries, { tools: makeTools(folder), options });
  clearProgress();
  process.stdout.write(formatReport(entries, machine, options));
  if (options.json !== undefined) writeResults(options.json, entries, machine, options);
  if (entries.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
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
