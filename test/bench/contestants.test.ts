import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Benchmark, temporaryFolder } from "../support/benchmark.ts";

void test("a contestant that was asked for and is not installed is named with its package", async (t) => {
  const json = join(temporaryFolder(t), "results.json");
  const withoutModules = { PERL5OPT: "-MNoModuleOfThisName" };
  const benchmark = new Benchmark(t, ["--only", "perl-fork", "--scenarios", "short", "--json", json], withoutModules);
  assert.equal(await benchmark.ended, 1);
  assert.match(benchmark.stdout, /^Not measured: perl-fork: .*libnet-server-perl/m);
});

void test("an interrupted benchmark leaves no process behind", async (t) => {
  const benchmark = new Benchmark(t, ["--only", "forkd-fresh-blocking", "--scenarios", "short", "--seconds", "60"]);
  await benchmark.says("short: forkd-fresh-blocking");
  benchmark.signal("SIGINT");
  assert.equal(await benchmark.ended, 130);
  assert.deepEqual(benchmark.processes, []);
});
