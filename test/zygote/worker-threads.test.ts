import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, askForAnswer } from "../support/ask.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { engine } from "../support/engine.ts";

const isCapable = engine === "spawn" || ["22", "24"].includes(process.versions.node.split(".")[0] as string);

void test("new Worker() in a worker works, or is refused at once, by whatever name it goes", async (t) => {
  const { port } = await TestDaemon.start(t, fixture("whole-node"));
  for (const name of ["named import", "default import", "require()"]) {
    const { value, error } = await askForAnswer(port, "thread", name);
    if (isCapable) assert.deepEqual(value, { isOwn: true, status: 0 }, error?.stack);
    else {
      assert.equal(error?.name, "ForkdError");
      assert.equal(error?.code, "FORKD_E_WORKER_THREADS");
    }
  }
  assert.equal(await ask(port, "lateThread"), true, "the class is the same wherever it is had from");
});
