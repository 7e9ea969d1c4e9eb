import { parseArgs } from "node:util";
import { type Amounts, fullAmounts, quickAmounts } from "./amounts.ts";
import { contestants } from "./contestants/all.ts";
import { maxConnections } from "./contestants/contestant.ts";
import { scenarios } from "./scenarios/all.ts";

/** What one run of the benchmark is asked to do. */
export interface Options {
  readonly help: boolean;
  readonly amounts: Amounts;
  /** Names of scenarios; all of them when undefined. */
  readonly scenarios: readonly string[] | undefined;
  /** Names of contestants; all of them when undefined. */
  readonly only: readonly string[] | undefined;
  /** The file for all that was measured. */
  readonly json: string;
  /** The file of an earlier run, which is to be shown in the docs; nothing is measured then. */
  readonly report: string | undefined;
  /** The folder where the docs are. */
  readonly docs: string;
}

const usual = { json: "build-bench/results.json", docs: "docs" };

export const usage = `Usage: npm run bench -- [options]

Serves the same job with forkd and with its peers, in turn, and compares them. It takes about an hour,
on a machine that should do nothing else meanwhile.

  --quick                 all of it in a few minutes: one short round, less of everything
  --rounds N              how often each contestant is measured (${fullAmounts.rounds}; quick: ${quickAmounts.rounds})
  --seconds N             how long a measurement of a rate takes (${fullAmounts.seconds}; quick: ${quickAmounts.seconds})
  --concurrency N,…       how many short connections at a time (${fullAmounts.concurrencies.join(",")})
  --scenarios NAME,…      only these questions
  --only NAME,…           only these contestants
  --json FILE             where the results go (${usual.json})
  --report FILE           measures nothing, but shows the results in FILE in docs/benchmarks.md
  --docs FOLDER           where --report finds benchmarks.md, and puts images/benchmark-….svg (${usual.docs})
  --help                  this text

Scenarios:
${list(scenarios)}

Contestants:
${list(contestants)}

Examples:
  npm run bench -- --quick
      Does everything work here?
  npm run bench -- --scenarios short --concurrency 16 --only forkd-fresh-blocking,c-fork
      Has a change to forkd made forks quicker?
  npm run bench -- --json bench/results.json && npm run bench -- --report bench/results.json
      Measures all, and keeps it, in the docs too.

Who is to be measured and cannot be makes the status 1; so does a contestant named by --only that is not installed.
`;

/** Turns the command line into options; throws a sentence for anything it does not understand. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      concurrency: { type: "string" },
      scenarios: { type: "string" },
      only: { type: "string" },
      json: { type: "string", default: usual.json },
      report: { type: "string" },
      docs: { type: "string", default: usual.docs },
    },
  });
  const amounts = values.quick ? quickAmounts : fullAmounts;
  return {
    ...values,
    amounts: {
      ...amounts,
      rounds: parseRounds(values.rounds) ?? amounts.rounds,
      seconds: parseSeconds(values.seconds) ?? amounts.seconds,
      concurrencies: values.concurrency?.split(",").map(parseConcurrency) ?? amounts.concurrencies,
    },
    scenarios: parseNames("--scenarios", values.scenarios, scenarios),
    only: parseNames("--only", values.only, contestants),
    report: values.report,
  };
}

interface Named {
  readonly name: string;
  readonly title: string;
}

function list(all: readonly Named[]): string {
  return all.map(({ name, title }) => `  ${name.padEnd(24)}${title}`).join("\n");
}

function parseRounds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new Error(`--rounds must be a whole number from 1 to 999, not "${value}".`);
}

function parseSeconds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value) && Number(value) >= 0.1 && Number(value) <= 60) return Number(value);
  throw new Error(`--seconds must be a number from 0.1 to 60, not "${value}".`);
}

function parseConcurrency(value: string): number {
  if (/^[1-9]\d*$/.test(value) && Number(value) <= maxConnections) return Number(value);
  throw new Error(`--concurrency takes whole numbers from 1 to ${maxConnections}, not "${value}".`);
}

function parseNames(flag: string, value: string | undefined, known: readonly Named[]): string[] | undefined {
  const names = value?.split(",");
  const unknown = names?.find((name) => !known.some((each) => each.name === name));
  if (unknown === undefined) return names;
  throw new Error(`${flag} takes ${known.map(({ name }) => name).join(", ")}; "${unknown}" is none of them.`);
}
