/**
 * The soak: forks by the hundred thousand, with everything that can happen to a connection, for as long as one likes.
 * See docs/soak.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions, usage, type Options } from "./options.ts";
import { progressOf, summaryOf } from "./report.ts";
import { soak, type Tally, type Task } from "./soak.ts";
import { terms } from "./terms.ts";

/** Without a terminal a line for each of so many progresses. */
const quietProgress = 10;
const styles = ["async", "blocking"] as const;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else await main(options);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      if (interruption.signal.aborted) process.exit(); // asked for the second time: no more is waited for
      interruption.abort();
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "forkd-soak-"));
  try {
    for (const task of tasksOf(options, folder, interruption.signal)) await run(task);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tasksOf({ engines, connections, duration, log }: Options, folder: string, interrupted: AbortSignal): Task[] {
  return engines.flatMap((engine) =>
    styles.map((style) => ({
      engine,
      style,
      connections: Math.ceil((connections * terms[engine].share) / styles.length),
      duration: duration / styles.length,
      folder,
      log,
      interrupted,
    })),
  );
}

async function run(task: Task): Promise<void> {
  if (task.interrupted.aborted) return;
  let count = 0;
  const tally = await soak(task, (state: Tally) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${progressOf(state)}`);
    else if (count++ % quietProgress === 0) process.stderr.write(`${progressOf(state)}\n`);
  });
  say(task.interrupted.aborted ? "Interrupted." : "");
  process.stdout.write(summaryOf(tally));
  if (tally.ledger.deviationCount > 0) process.exitCode = 1;
}

function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
  if (text !== "") process.stderr.write(`${text}\n`);
}
