import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { ask } from "../support/ask.ts";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { engine } from "../support/engine.ts";
import { waitFor } from "../support/wait-for.ts";

void test("beforeFork runs once in the zygote, or in each spawned worker; afterFork in each worker before its first connection", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("whole-node-hooks"));
  const began = await Promise.all([1, 2, 3].map(() => ask<string[]>(daemon.port, "began")));
  const workers = new Set<string>();
  for (const story of began) {
    const worker = /^serve in (\d+)$/.exec(story.at(-1) ?? "")?.[1] ?? "";
    workers.add(worker);
    assert.deepEqual(story, [
      `beforeFork in ${engine === "fork" ? daemon.zygote : worker}`,
      "beforeFork done",
      `afterFork in ${worker}`,
      "afterFork done",
      `serve in ${worker}`,
    ]);
  }
  assert.equal(workers.size, 3);
});

void test("afterFork runs once for all the connections of a worker", async (t) => {
  const flags = ["--connections-per-worker", "3", "--spare-workers", "1", "--max-connections", "1"];
  const { port } = await TestDaemon.start(t, fixture("whole-node-hooks"), ...flags);
  const began = [1, 2, 3].map(() => () => ask<string[]>(port, "began"));
  let last: string[] = [];
  for (const next of began) last = await next();
  assert.equal(last.filter((line) => line.startsWith("afterFork in")).length, 1);
  assert.equal(last.filter((line) => line.startsWith("serve in")).length, 3);
});

void suite("while afterFork fails", () => {
  for (const manner of ["throw", "reject", "reject later"]) {
    void test(`${manner}: the error is logged, forks are rare, clients wait, and are served in the end`, async (t) => {
      const { daemon, mend } = await startFailing(t, manner);
      const entry = await daemon.waitForLog("the error", (record) => stackOf(record["err"]).includes("afterFork"));
      const since = performance.now();
      assert.equal(entry.level, "error");
      assert.equal(entry["role"], "worker");
      assert.match(stackOf(entry["err"]), new RegExp(`^Error: failed in afterFork: ${manner}\\n +at .*failing-hook`));
      await waitFor("two seconds to pass", () => performance.now() - since > 2000);
      const failed = new Set(daemon.log.filter((record) => record["err"] !== undefined).map(({ pid }) => pid)).size;
      // With pauses of up to a second between rounds of at most 4; without them there would be hundreds.
      assert.ok(failed < 50, `${failed} workers were forked`);
      await mend();
    });
  }

  void test("exit: that is logged too", async (t) => {
    const { daemon, mend } = await startFailing(t, "exit");
    const { level, msg } = await daemon.waitForEnd("exit 3");
    assert.deepEqual({ level, msg }, { level: "warn", msg: "idle worker ended: exit 3" });
    await mend();
  });
});

interface Failing {
  readonly daemon: TestDaemon;
  /** Has afterFork work again: then all clients must be served. */
  readonly mend: () => Promise<void>;
}

/** A daemon whose afterFork worked at first; with twice as many clients as it then had workers. */
async function startFailing(t: TestContext, manner: string): Promise<Failing> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const fault = join(folder, "fault");
  process.env["FAULT"] = `${fault}|${manner}`;
  const daemon = await TestDaemon.start(t, fixture("whole-node-failing-hook"), "--spare-workers", "4");
  delete process.env["FAULT"];
  await writeFile(fault, "");
  const clients = await Promise.all(Array.from({ length: 8 }, () => Client.open(daemon.port)));
  const mend = async (): Promise<void> => {
    await rm(fault);
    for (const client of clients) assert.equal(await client.rest(), "served\n");
  };
  return { daemon, mend };
}

const stackOf = (error: unknown): string => String((error as { stack?: string } | undefined)?.stack);
