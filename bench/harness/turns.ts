import type { Amounts } from "../amounts.ts";
import type { Sample } from "../results.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { Entry } from "./entry.ts";
import { Progress, say } from "./progress.ts";
import { sentenceOf } from "./sentence.ts";
import type { Tools } from "./tools.ts";

/** What came of all turns. */
export interface Outcome {
  readonly samples: readonly Sample[];
  readonly failures: readonly string[];
}

interface Place {
  readonly scenario: Scenario;
  readonly entry: Entry;
  readonly round: number;
}

/** Asks all contestants all questions in turn (A B C A B C …), so that whatever disturbs the machine disturbs all alike. */
export async function takeTurns(
  scenarios: readonly Scenario[],
  entries: readonly Entry[],
  tools: Tools,
  amounts: Amounts,
): Promise<Outcome> {
  const samples: Sample[] = [];
  const failures = new Map<string, string>();
  const places = scenarios.flatMap((scenario) => placesIn(scenario, entries, amounts));
  const progress = new Progress(places.reduce((sum, { scenario }) => sum + scenario.expectedSeconds(amounts), 0));
  for (const { scenario, entry, round } of places) {
    const contestant = entry.contestant.name;
    const who = `${scenario.name}: ${contestant}`;
    try {
      // Who has failed to answer a question once is not asked it again.
      if (failures.has(who)) continue;
      progress.show(`${who}${scenario.once ? "" : `, round ${round} of ${amounts.rounds}`}`);
      const found = await scenario.measure({ entry, round, tools, amounts });
      samples.push(...found.map((figures) => ({ scenario: scenario.name, contestant, round, ...figures })));
    } catch (error) {
      failures.set(who, sentenceOf(error));
      say(`${who}: ${sentenceOf(error)}`);
    } finally {
      progress.advance(scenario.expectedSeconds(amounts));
    }
  }
  return { samples, failures: [...failures].map(([who, why]) => `${who}: ${why}`) };
}

function placesIn(scenario: Scenario, entries: readonly Entry[], { rounds }: Amounts): Place[] {
  const asked = entries.filter(({ contestant, missing }) => {
    return missing === undefined && scenario.contestants.includes(contestant.name);
  });
  const numbers = Array.from({ length: scenario.once ? 1 : rounds }, (_, index) => index + 1);
  return numbers.flatMap((round) => asked.map((entry) => ({ scenario, entry, round })));
}
