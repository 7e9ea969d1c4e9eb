import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "node:util";
import { printed } from "../fixtures/whole-node-output.ts";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

void test("whatever a worker prints is in the log as Node would print it", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("whole-node-output"));
  await exchange(daemon.port, "");
  await daemon.waitForLog("the last", ({ msg }) => msg === "the end");
  for (const level of ["info", "error"]) {
    const records = daemon.log.filter((record) => record["role"] === "worker" && record.level === level);
    const messages = records.map(({ msg }) => msg);
    const expected = printed.map((parameters) => format(...parameters));
    assert.deepEqual(messages.slice(0, expected.length), expected);
    assert.equal(new Set(records.map(({ pid }) => pid)).size, 1);
  }
  const messages = daemon.log.map(({ msg }) => msg);
  for (const part of ["│ 0", "  indented", "Assertion failed: asserted", "{ a: [Object] }", "called back"]) {
    assert.ok(
      messages.some((message) => message.includes(part)),
      `${part} in\n${daemon.stderr}`,
    );
  }
  await daemon.waitForLog("the warning", ({ msg }) => /^\(node:\d+\) Warning: warned/.test(msg));
});
