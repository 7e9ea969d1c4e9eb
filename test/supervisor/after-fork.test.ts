import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, forkd, type LogRecord } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { childrenOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { startGated } from "./gated.ts";

const module = "after-fork-gated";
const killed = "a worker was not through afterFork within startTimeout, and is killed";

void suite("a daemon none of whose workers gets through afterFork does not start", () => {
  void test("and says at once what fails there", async () => {
    const { status, stderr } = await forkd("run", fixture("after-fork-fails"), "--listen", "127.0.0.1:0");
    assert.equal(status, 100, stderr);
    assert.match(stderr, /^forkd: A worker of .*, on trial, failed before .*\n.*Error: afterFork fails\n +at /m);
    assert.doesNotMatch(stderr, /listening on/);
  });

  void test("after startTimeout if it hangs there", async () => {
    const flags = ["--listen", "127.0.0.1:0", "--start-timeout", "8s"];
    const { status, stderr } = await forkd("run", fixture("blocks-after-fork"), ...flags);
    assert.equal(status, 100, stderr);
    assert.match(stderr, /^forkd: .* was not ready .*within startTimeout \(8s\).* in afterFork.*$/m);
    assert.doesNotMatch(stderr, /listening on/);
  });
});

void test("workers that hang in afterFork are killed and tried again, until one gets through", async (t) => {
  const { daemon, gate } = await startGated(t, module, "--start-timeout", "8s", "--heartbeat-timeout", "4s");
  const spares = await daemon.spares(3);
  await writeFile(gate, "hangs");
  for (const pid of spares) process.kill(pid, "SIGKILL");
  await daemon.waitForLog("one that was too late", ({ msg }) => msg === killed);
  await rm(gate);
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
});

void test("workers that fail in afterFork are tried again with pauses, not in a storm of forks", async (t) => {
  const { daemon, gate } = await startGated(t, module);
  const spares = await daemon.spares(3);
  await writeFile(gate, "fails");
  for (const pid of spares) process.kill(pid, "SIGKILL");
  const failed = (): LogRecord[] => daemon.log.filter(({ msg }) => msg === "the worker failed outside of a connection");
  await waitFor("some failures", () => failed().length >= 5);
  await assertAlmostIdle(childrenOf(daemon.pid));
  assert.ok(failed().length < 40, `${failed().length} workers have been forked`);
  const [first] = failed();
  assert.match(JSON.stringify(first?.["err"]), /"stack":"Error: afterFork fails\\n +at .*after-fork-gated/);
  await rm(gate);
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
});

void test("workers that exit in afterFork, though with status 0, are tried again with pauses, and it is said", async (t) => {
  const { daemon, gate } = await startGated(t, module);
  const spares = await daemon.spares(3);
  await writeFile(gate, "exits");
  for (const pid of spares) process.kill(pid, "SIGKILL");
  const ended = (): LogRecord[] => daemon.log.filter(({ msg }) => msg === "idle worker ended: exit 0");
  await waitFor("some ends", () => ended().length >= 5);
  await assertAlmostIdle(childrenOf(daemon.pid));
  assert.ok(ended().length < 40, `${ended().length} workers have been forked`);
  await rm(gate);
});

void test("a drain does not wait for workers that hang in afterFork", async (t) => {
  const { daemon, gate } = await startGated(t, module, "--drain-timeout", "1h");
  const { zygote } = daemon;
  const spares = await daemon.spares(3);
  await writeFile(gate, "hangs");
  for (const pid of spares) process.kill(pid, "SIGKILL");
  await waitFor("others", () => childrenOf(zygote).filter((pid) => !spares.includes(pid)).length === 3);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  await rm(gate);
});
