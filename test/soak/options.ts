import { parseArgs } from "node:util";
import { parseDuration } from "../../dist/config/duration.js";
import { engines, type Engine } from "./terms.ts";

export interface Options {
  readonly engines: readonly Engine[];
  /** Of each engine's daemons together; a spawned process costs so much more that it gets a part of them. */
  readonly connections: number;
  /** In ms, of each engine. */
  readonly duration: number;
  /** The file for the daemons' logs. */
  readonly log: string | undefined;
  readonly help: boolean;
}

export const usage = `Usage: npm run soak -- [options]

Drives daemons with connections of all kinds, among them some that crash, hang, leak and reset, kills workers and zygotes
meanwhile, and checks that every client is served and every end is told, and that nothing grows and nothing is left over.

  --connections N          how many (default 1000000; with spawn a fiftieth of it)
  --duration TIME          ends earlier if this is over first (default 1h)
  --engine NAME[,NAME]     ${engines.join(" or ")} (default both)
  --log FILE               keep the daemons' logs there, every connection's end included
  --help                   this text
`;

/** @throws Error a sentence, for what it does not understand */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: "string", default: "1000000" },
      duration: { type: "string", default: "1h" },
      engine: { type: "string", default: "fork,spawn" },
      log: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (!/^[1-9]\d*$/.test(values.connections)) {
    throw new Error(`--connections must be a whole number from 1 up; received "${values.connections}".`);
  }
  const duration = parseDuration(values.duration);
  return {
    engines: values.engine.split(",").map(parseEngine),
    connections: Number(values.connections),
    duration,
    log: values.log,
    help: values.help,
  };
}

function parseEngine(name: string): Engine {
  const engine = engines.find((known) => known === name);
  if (engine !== undefined) return engine;
  throw new Error(`--engine takes ${engines.join(" or ")}, or both with a comma between them; received "${name}".`);
}
