import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "../docs/pages.ts";
import { Benchmark, temporaryFolder } from "../support/benchmark.ts";

// Made up, so that the median of the rounds' ratios is not the ratio of the medians: 3 and 2, against php-fork.
const rates = {
  "forkd-fresh-blocking": [200, 300, 100],
  "c-fork": [100, 100, 100],
  "php-fork": [50, 100, 100],
};

const run = {
  machine: { cpu: "An abacus", cores: 2, memoryGiB: 1, kernel: "1.0", node: "v20", loadBefore: 0, date: "2026-01-01" },
  rounds: 3,
  seconds: 1,
  contestants: Object.keys(rates).map((name) => ({ name, title: name, version: `${name} 1.2` })),
  failures: ["socat: socat is not installed; the Debian package socat has it."],
  samples: Object.entries(rates).flatMap(([contestant, perRound]) =>
    perRound.map((perSecond, index) => ({
      scenario: "short",
      contestant,
      round: index + 1,
      variant: "16 at a time",
      figures: { perSecond },
    })),
  ),
};

void test("a run that is kept is shown in the docs: ratios of its rounds, targets, plots, what was not measured", async (t) => {
  const { page, folder } = await report(t);
  assert.match(page, /^Measured on 2026-01-01: An abacus, 2 cores/m);
  assert.match(page, /^\| php-fork +\| +0\.33 \|$/m);
  assert.match(page, /forkd-fresh-blocking \/ c-fork +\| +≥ 0\.3 +\| +2\.00 +\| +met \|/);
  assert.match(page, /forkd-fresh-blocking \/ php-fork +\| +≥ 2\.7 +\| +3\.00 +\| +met \|/);
  assert.match(page, /forkd-fresh-blocking \/ xinetd +\| +≥ 1\.5 +\| +– +\| not measured \|/);
  assert.match(page, /^- socat: socat is not installed/m);
  const [, image = ""] = /!\[Short connections.*\]\((images\/.*\.svg)\)/.exec(page) ?? [];
  assert.match(readFileSync(join(folder, image), "utf8"), /^<svg .*php-fork.*<\/svg>\s*$/s);
});

void test("a run takes the place of the one before, and of nothing else", async (t) => {
  const once = await report(t);
  const twice = await showIn(t, once.folder);
  assert.equal(twice, once.page);
  const [before = ""] = readFileSync(join(root, "docs", "benchmarks.md"), "utf8").split("<!-- results");
  assert.ok(once.page.startsWith(before));
});

async function report(t: TestContext): Promise<{ folder: string; page: string }> {
  const folder = temporaryFolder(t);
  copyFileSync(join(root, "docs", "benchmarks.md"), join(folder, "benchmarks.md"));
  return { folder, page: await showIn(t, folder) };
}

async function showIn(t: TestContext, folder: string): Promise<string> {
  const results = join(folder, "results.json");
  writeFileSync(results, JSON.stringify(run));
  const benchmark = new Benchmark(t, ["--report", results, "--docs", folder]);
  assert.equal(await benchmark.ended, 0, benchmark.stderr);
  return readFileSync(join(folder, "benchmarks.md"), "utf8");
}
