import assert from "node:assert/strict";
import { test } from "node:test";
import { Benchmark } from "../support/benchmark.ts";

void test("the benchmark tells what it can be asked", async (t) => {
  const benchmark = new Benchmark(t, ["--help"]);
  assert.equal(await benchmark.ended, 0);
  for (const word of ["--quick", "--report", "held", "perl-prefork", "Examples:"])
    assert.ok(benchmark.stdout.includes(word), word);
});

const refused = [
  [["--only", "forkd-fresh-blocking,nobody"], /--only takes forkd-fresh-blocking, .*; "nobody" is none of them\./],
  [["--scenarios", "tall"], /--scenarios takes short, .*; "tall" is none of them\./],
  [["--rounds", "0"], /--rounds must be a whole number from 1 to 999, not "0"\./],
  [["--seconds", "soon"], /--seconds must be a number from 0\.1 to 60, not "soon"\./],
  [["--concurrency", "1,5000"], /--concurrency takes whole numbers from 1 to 4096, not "5000"\./],
] as const;

for (const [args, sentence] of refused) {
  void test(`the benchmark refuses ${args.join(" ")}`, async (t) => {
    const benchmark = new Benchmark(t, args);
    assert.equal(await benchmark.ended, 1);
    assert.match(benchmark.stderr, sentence);
  });
}
