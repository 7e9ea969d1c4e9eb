import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, forkd } from "../support/daemon.ts";

void test("an error of the module's own while the zygote rehearses is the module's, and no worker's", async () => {
  const module = fixture("throws-in-rehearsal");
  const { status, stderr } = await forkd("run", module, "--listen", "127.0.0.1:0", "--allow-unsafe-fork");
  assert.equal(status, 100, stderr);
  assert.match(stderr, /^forkd: \/.+\/throws-in-rehearsal\.js failed before it was ready\. Mend this:$/m);
  assert.match(stderr, /Error: thrown by a timer\n +at .*throws-in-rehearsal/);
  assert.doesNotMatch(stderr, /the worker failed/);
});
