import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse } from "./conversation.ts";

const patient = ["--drain-timeout", "1h", "--idle-timeout", "off"];

for (const style of ["commands", "commands-blocking"]) {
  void test(`zygote and spares leave at once, who is busy finishes, ${style}`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), ...patient);
    const { client, pid } = await converse(daemon.port);
    const others = [daemon.zygote, ...daemon.workers.filter((worker) => worker !== pid)];
    daemon.signal("SIGKILL");
    await waitFor("zygote and spares to leave", () => !others.some(isAlive));
    // What it prints now reaches nobody, and must not end it.
    client.send("throwAway\nlog lost\nprint lost\npid\n");
    await client.receives(`${pid}\n${pid}\n`);
    client.finish();
    await client.rest();
    await daemon.gone();
  });

  void test(`busy workers are ended by drainTimeout, ${style}`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), "--drain-timeout", "300ms", "--idle-timeout", "off");
    const { client } = await converse(daemon.port);
    client.send("spin\n");
    daemon.signal("SIGKILL");
    await client.rest();
    await daemon.gone();
  });
}

void test("an asynchronous handler is told", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("drain-watcher"), ...patient);
  const { client } = await converse(daemon.port);
  client.send("wait\n");
  await client.receives("waiting\n");
  daemon.signal("SIGKILL");
  await client.receives("FORKD_E_DRAINING\n");
  client.finish();
  await daemon.gone();
});

void test("the port is free at once, though a worker is still busy", async (t) => {
  const first = await TestDaemon.start(t, fixture("commands"), ...patient);
  const { client, pid } = await converse(first.port);
  first.signal("SIGKILL");
  await first.ended();
  await waitForSilence(first.port);
  const second = await startAgain(t, `127.0.0.1:${first.port}`);
  const fresh = await converse(second.port);
  assert.ok(second.workers.includes(fresh.pid));
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  assert.ok(isAlive(pid));
  client.finish();
  await client.rest();
  await first.gone();
  fresh.client.close();
});

void test("so is a Unix socket's path", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const both = ["--listen", `unix:${folder}/socket`, "--listen", "127.0.0.1:0"];
  const first = await TestDaemon.start(t, fixture("commands"), ...patient, ...both);
  const port = Number(first.addresses[1]?.split(":").at(-1));
  const { client } = await converse(port);
  first.signal("SIGKILL");
  await first.ended();
  await waitForSilence(port);
  const second = await TestDaemon.start(t, fixture("commands"), ...both);
  assert.equal(second.addresses[0], `unix:${folder}/socket`);
  client.close();
});

void test("zygote and supervisor killed together: nothing is left", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), "--drain-timeout", "300ms", "--idle-timeout", "off");
  const { client } = await converse(daemon.port);
  client.send("hang\n");
  const { zygote } = daemon;
  process.kill(zygote, "SIGKILL");
  daemon.signal("SIGKILL");
  await client.rest();
  await daemon.gone();
});

/** A supervisor's process is gone a little before all of its descriptors and children have noticed. */
const waitForSilence = (port: number): Promise<unknown> =>
  waitFor("nobody to listen", async () => (await attempt(port, "")).failure === "ECONNREFUSED");

async function startAgain(t: TestContext, address: string): Promise<TestDaemon> {
  const daemon = await TestDaemon.start(t, fixture("commands"), "--listen", address);
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
  return daemon;
}
