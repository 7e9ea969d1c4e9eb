import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

void test("what a handler puts off and returns is its connection's, too", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("puts-off"));
  await exchange(daemon.port, "tick\n");
  await daemon.waitForLog("the tick", ({ msg }) => msg === "ticked");
  for (const [line, message] of [
    ["reject", "rejected"],
    ["throw", "thrown"],
  ] as const) {
    await exchange(daemon.port, `${line}\n`);
    const end = await daemon.waitForLog(message, (record) => JSON.stringify(record).includes(`Error: ${message}`));
    assert.deepEqual([end["reason"], end.level], ["handler error", "error"]);
  }
});
