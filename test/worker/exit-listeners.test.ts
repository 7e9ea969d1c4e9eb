import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { waitFor } from "../support/wait-for.ts";

const flags = ["--drain-timeout", "300ms", "--spare-workers", "1"];
const overstay = "its exit listeners took longer than drainTimeout";

void test("a worker whose exit listeners block after its connection is ended, and named", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("blocks-at-exit"), ...flags, "--max-connections", "1");
  const pid = Number(await exchange(daemon.port, "pid\n"));
  const { pid: named } = await daemon.waitForLog(
    "its end",
    ({ msg, reason }) => /after/.test(msg) && reason === overstay,
  );
  assert.equal(named, pid);
  assert.notEqual(Number(await exchange(daemon.port, "pid\n")), pid, "its place is another's");
});

const endless = ["--idle-timeout", "off", "--session-timeout", "off"];

void test("a worker that exits in the middle of its connection, too, though that has no deadline", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("blocks-at-exit"), ...flags, ...endless);
  await exchange(daemon.port, "exit\n");
  await daemon.waitForEnd(overstay);
});

void test("an error that nobody catches is told before exit listeners that block", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("blocks-at-exit"), ...flags, ...endless);
  await exchange(daemon.port, "throw\n");
  const { err } = await daemon.waitForEnd("handler error");
  assert.match(JSON.stringify(err), /thrown by a timer/);
  await daemon.waitForEnd(overstay);
});

void test("an idle worker that is told to leave, too", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("blocks-at-exit"), ...flags);
  const [idle = 0] = await daemon.spares(1);
  const client = await Client.open(daemon.port); // who is served waits for connections no more
  client.send("pid\n");
  await client.receives(`${idle}\n`);
  const next = await waitFor("another", () => daemon.workers.find((pid) => pid !== idle));
  process.kill(next, "SIGTERM");
  const entry = await daemon.waitForLog("its end", ({ reason }) => reason === overstay);
  assert.equal(entry.msg, `idle worker ended: ${overstay}`);
  client.close();
});
