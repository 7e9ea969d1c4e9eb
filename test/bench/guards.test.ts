/** What must not get worse: figures that are counts, and with a generous bound a ratio within one run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Benchmark, temporaryFolder } from "../support/benchmark.ts";
import { missing } from "../support/programs.ts";
import { straceIsMissing } from "../support/strace.ts";

const blocking = "forkd-fresh-blocking";
const async = "forkd-fresh-async";
const python = "python-fork";

// What a connection took when this was written, and a quarter more: a kernel or a Node of another version may differ.
const most = {
  [blocking]: { pageFaults: 160, systemCalls: 76 },
  [async]: { pageFaults: 305, systemCalls: 96 },
};

void test("a connection costs no more page faults and system calls than it did", {
  skip: straceIsMissing,
}, async (t) => {
  const samples = await measure(t, ["--scenarios", "cost", "--rounds", "1"], [blocking, async]);
  for (const [contestant, { pageFaults, systemCalls }] of Object.entries(most)) {
    const [sample] = samples.filter((each) => each.contestant === contestant);
    const figures = sample?.figures ?? {};
    assertAtMost(pageFaults, figures["pageFaults"], `page faults of ${contestant}`);
    assertAtMost(systemCalls, figures["systemCalls"], `system calls of ${contestant}`);
  }
});

void test("a fresh process is forked as quickly as Python forks one", {
  skip: missing({ python3: "python3" }),
}, async (t) => {
  const args = ["--scenarios", "short", "--concurrency", "16", "--rounds", "3"];
  const samples = await measure(t, args, [blocking, python]);
  assert.deepEqual(
    samples.map(({ figures }) => figures["errors"]),
    [0, 0, 0, 0, 0, 0],
  );
  const rateOf = (contestant: string, round: number) =>
    samples.find((each) => each.contestant === contestant && each.round === round)?.figures["perSecond"] ?? 0;
  const ratios = [1, 2, 3].map((round) => rateOf(blocking, round) / rateOf(python, round));
  // The best of three: the machine may be busy with something else.
  assert.ok(Math.max(...ratios) >= 0.8, `the ratios are ${ratios.join(", ")}`);
});

interface Sample {
  readonly contestant: string;
  readonly round: number;
  readonly figures: Readonly<Record<string, number>>;
}

async function measure(t: TestContext, args: readonly string[], contestants: readonly string[]): Promise<Sample[]> {
  const json = join(temporaryFolder(t), "results.json");
  const what = ["--seconds", "1", "--only", contestants.join(","), "--json", json];
  const benchmark = new Benchmark(t, [...args, ...what]);
  assert.equal(await benchmark.ended, 0, benchmark.stderr);
  const { samples } = JSON.parse(readFileSync(json, "utf8")) as { samples: Sample[] };
  return samples;
}

function assertAtMost(bound: number, value: number | undefined, what: string): void {
  assert.ok(value !== undefined && value > 0, `${what} were counted`);
  assert.ok(value <= bound, `${what}: ${value}, at most ${bound}`);
}
