import { parseArgs } from "node:util";
import { contestants, maxConnections } from "./contestants.ts";

/** What one run of the benchmark is asked to do. */
export interface Options {
  readonly rounds: number;
  readonly connections: number;
  readonly concurrency: number;
  /** Names of contestants; all of them when undefined. */
  readonly only: readonly string[] | undefined;
  /** The file for the results as JSON. */
  readonly json: string | undefined;
  readonly help: boolean;
}

export const usage = `Usage: npm run bench -- [options]

Serves the same job with forkd and with its peers, in turn, and compares them.

  --rounds N            how often each contestant is measured (default 5)
  --connections N       connections of one measurement, which ends after 5 s anyhow (default 10000)
  --concurrency N       connections open at a time (default 16, ${maxConnections} at most)
  --only NAME[,NAME]    only these contestants
  --json FILE           also write the results as JSON
  --help                this text

Contestants:
${contestants.map(({ name, title }) => `  ${name.padEnd(22)}${title}`).join("\n")}
`;

/** Turns the command line into options; throws a sentence for anything it does not understand. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      connections: { type: "string", default: "10000" },
      concurrency: { type: "string", default: "16" },
      only: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    rounds: parseCount("--rounds", values.rounds),
    connections: parseCount("--connections", values.connections),
    concurrency: parseCount("--concurrency", values.concurrency, maxConnections),
    only: values.only?.split(",").map(parseName),
    json: values.json,
    help: values.help,
  };
}

function parseCount(flag: string, value: string, most = 1_000_000): number {
  if (/^[1-9]\d*$/.test(value) && Number(value) <= most) return Number(value);
  throw new Error(`${flag} must be a whole number from 1 to ${most}, not "${value}".`);
}

function parseName(name: string): string {
  if (contestants.some((contestant) => contestant.name === name)) return name;
  throw new Error(`--only names contestants, and "${name}" is none of them. --help lists them.`);
}
