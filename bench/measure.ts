import type { Entry } from "./entry.ts";
import { type Load, runLoad } from "./load.ts";
import { measureMemory } from "./memory.ts";
import type { Options } from "./options.ts";
import { say, showProgress } from "./progress.ts";
import { sentenceOf } from "./sentence.ts";
import { type Server, withServer } from "./server.ts";
import type { Tools } from "./tools.ts";

/** What to measure with, and how much. */
export interface Plan {
  readonly tools: Tools;
  readonly options: Options;
}

const roundSeconds = 5;
const warmUp = { connections: 1000, seconds: 1 };

/** Of how many connections the decay measurement compares the first and the last so many. */
export const decayConnections = { all: 12_000, compared: 2000, seconds: 90 };

/** Measures everything: rounds in turn (A B C A B C …), so that whatever disturbs the machine disturbs all alike. */
export async function measure(entries: readonly Entry[], plan: Plan): Promise<void> {
  for (let round = 1; round <= plan.options.rounds; round++) {
    for (const entry of entries) {
      const load = await attempt(entry, `round ${round} of ${plan.options.rounds}`, plan, measureRound);
      if (load !== undefined) entry.rounds.push(load);
    }
  }
  for (const entry of entries.filter(({ contestant }) => contestant.memory)) {
    entry.memory = await attempt(entry, "memory", plan, (server) =>
      measureMemory(entry.contestant, server, plan.tools),
    );
  }
  for (const entry of entries.filter(({ contestant }) => contestant.decay)) {
    entry.decay = await attempt(entry, "decay", plan, measureDecay);
  }
}

/** One measurement of a contestant that has been started for it; a contestant that fails is out. */
async function attempt<T>(
  entry: Entry,
  what: string,
  plan: Plan,
  use: (server: Server, plan: Plan) => Promise<T>,
): Promise<T | undefined> {
  if (entry.failure !== undefined) return undefined;
  showProgress(`${what}: ${entry.contestant.name}`);
  try {
    return await withServer(entry, plan.tools, (server) => use(server, plan));
  } catch (error) {
    entry.failure = `${what}: ${sentenceOf(error)}`;
    say(`${entry.contestant.name}: ${entry.failure}`);
    return undefined;
  }
}

async function measureRound({ port }: Server, { tools, options }: Plan): Promise<Load> {
  const { connections, concurrency } = options;
  await runLoad(tools, port, { ...warmUp, concurrency });
  return runLoad(tools, port, { connections, concurrency, seconds: roundSeconds });
}

// Not warmed: the first connections of a fresh server are what the last ones are compared with.
function measureDecay({ port }: Server, { tools, options }: Plan): Promise<Load> {
  const { all, seconds } = decayConnections;
  return runLoad(tools, port, { connections: all, concurrency: options.concurrency, seconds });
}
