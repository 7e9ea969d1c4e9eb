import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";

const page = 4096;

void test("a worker has the scoreboard's header and its own slot, and cannot reach another's", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), "--max-connections", "20", "--spare-workers", "4");
  const workers = await daemon.spares(4);
  assert.ok(scoreboardSize(daemon.zygote) >= 21 * page, "the zygote has all of it");
  for (const worker of workers) assert.equal(scoreboardSize(worker), 2 * page);
  assert.ok(mappings(daemon.zygote).includes("/memfd:forkd-registry"), "the zygote has the registry");
  for (const worker of workers) assert.ok(!mappings(worker).includes("/memfd:forkd-registry"));
});

const mappings = (pid: number): string => readFileSync(`/proc/${pid}/maps`, "utf8");

/** How much of the scoreboard's memfd a process has mapped: proc_pid_maps(5). */
function scoreboardSize(pid: number): number {
  const parts = mappings(pid).matchAll(/^(\w+)-(\w+) .* \/memfd:forkd-scoreboard/gm);
  return [...parts].reduce(
    (sum, [, start = "", end = ""]) => sum + Number.parseInt(end, 16) - Number.parseInt(start, 16),
    0,
  );
}
