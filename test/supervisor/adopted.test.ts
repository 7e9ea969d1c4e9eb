import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";
import { startGated } from "./gated.ts";

void test("an adopted worker that does not heed its deadline is killed, and named", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), "--idle-timeout", "8s", "--session-timeout", "off");
  const { client, pid } = await converse(daemon.port);
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("the zygote's end", ({ reason }) => reason === "SIGKILL");
  process.kill(pid, "SIGSTOP"); // not before: the kernel sends SIGCONT to who is stopped and loses its parent
  await waitFor("it to have stopped", () => processInfo(pid)?.state === "T");
  const why = await daemon.waitForLog("why", ({ msg }) => msg === "a worker does not heed its deadline, and is killed");
  assert.equal(why["pid"], pid);
  await daemon.waitForLog("its end", (record) => record["pid"] === pid && record["reason"] === "killed by SIGKILL");
  await client.rest();
});

void test("adopted workers that hang in afterFork go as soon as there are new ones", async (t) => {
  const { daemon, gate, hanging } = await startWithHangingOrphans(t);
  await rm(gate);
  await waitFor("them to be gone", () => !hanging.some(isAlive));
  assert.ok(isAlive(daemon.pid));
});

void test("adopted workers that hang in afterFork are not waited for by a drain", async (t) => {
  const { daemon, gate } = await startWithHangingOrphans(t, "--drain-timeout", "1h");
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  await rm(gate);
});

async function startWithHangingOrphans(
  t: Parameters<typeof startGated>[0],
  ...flags: string[]
): Promise<{ daemon: TestDaemon; gate: string; hanging: number[] }> {
  const { daemon, gate } = await startGated(t, "after-fork-gated", "--start-timeout", "15s", ...flags);
  const { zygote } = daemon;
  const spares = await daemon.spares(3);
  await writeFile(gate, "hangs");
  for (const pid of spares) process.kill(pid, "SIGKILL");
  const hanging = await waitFor("others", () => {
    const others = childrenOf(zygote).filter((pid) => !spares.includes(pid));
    return others.length === 3 ? others : undefined;
  });
  process.kill(zygote, "SIGKILL");
  await daemon.waitForLog("the zygote's end", ({ reason }) => reason === "SIGKILL");
  return { daemon, gate, hanging };
}
