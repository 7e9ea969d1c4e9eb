/** Runs tests on other versions of Node than the one at hand: `npm run test:nodes -- --help`. */
import { availableParallelism } from "node:os";
import { installedNode } from "./installed-node.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { runFile, type Counts } from "./run-file.ts";

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else await main(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** One closing line for each Node, after all of them. */
async function main({ majors, files }: Options): Promise<void> {
  const summaries: string[] = [];
  for (const major of majors) {
    progress(`Node ${major}: looking for it`);
    const { path, version } = await installedNode(major);
    const since = performance.now();
    const counts = await runFiles(path, `Node ${version}`, files);
    const seconds = Math.round((performance.now() - since) / 1000);
    const { tests, pass, fail, skipped } = counts;
    summaries.push(
      `Node ${version}: ${pass} of ${tests} tests passed, ${fail} failed, ${skipped} skipped, in ${seconds} s`,
    );
    if (fail > 0) process.exitCode = 1;
  }
  progress("");
  process.stdout.write(`${summaries.join("\n")}\n`);
}

/** As many at once as there are processors. */
async function runFiles(node: string, title: string, files: readonly string[]): Promise<Counts> {
  const total: Counts = { tests: 0, pass: 0, fail: 0, skipped: 0 };
  const left = files.entries();
  const runLeft = async (): Promise<void> => {
    for (const [index, file] of left) {
      progress(
        `${title}: file ${index + 1} of ${files.length}, ${total.pass} tests passed, ${total.fail} failed, ${file}`,
      );
      const { counts, output } = await runFile(node, file);
      for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += counts[name];
      if (counts.fail > 0) say(`${title}: ${file} failed\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runLeft));
  return total;
}

/** In one line that is rewritten on a terminal, in a line each elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text.slice(0, process.stderr.columns - 1)}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

function say(text: string): void {
  progress("");
  process.stdout.write(`${text}\n`);
}
