import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse } from "./conversation.ts";

const patient = ["--drain-timeout", "1h", "--idle-timeout", "off"];

for (const style of ["commands", "commands-blocking"]) {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    void test(`${signal} drains, ${style}`, async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...patient, "--log-level", "debug");
      const { client, pid } = await converse(daemon.port);
      const idle = daemon.workers.filter((worker) => worker !== pid);
      assert.ok(idle.length > 0);
      daemon.signal(signal);
      await waitFor("the idle workers to leave", () => !idle.some(isAlive));
      await waitFor("new connections to be refused", () => isRefused(daemon.port));
      client.send("pid\n");
      await client.receives(`${pid}\n${pid}\n`);
      assert.equal(client.ended, undefined, "who is served stays served");
      client.finish();
      await client.rest();
      assert.equal(await daemon.ended(), 0);
      const end = await daemon.waitForEnd("drained");
      assert.equal(end.level, "info");
      assert.equal(end["pid"], pid);
      assert.deepEqual(mainMessages(daemon), ["draining", "stopped"]);
      assert.deepEqual(daemon.processes, []);
    });
  }
}

for (const [first, second] of [
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGINT"],
] as const) {
  void test(`${first}, then ${second}: stops at once`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...patient);
    const { client, pid } = await converse(daemon.port);
    daemon.signal(first);
    await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
    assert.ok(isAlive(pid));
    daemon.signal(second);
    assert.equal(await daemon.ended(), 0);
    await client.rest();
    assert.deepEqual(daemon.processes, []);
  });
}

void test("SIGQUIT stops at once, whatever the workers do", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient);
  const talking = await converse(daemon.port);
  const spinning = await converse(daemon.port);
  spinning.client.send("spin\n");
  daemon.signal("SIGQUIT");
  assert.equal(await daemon.ended(), 0);
  for (const { client } of [talking, spinning]) await client.rest();
  assert.deepEqual(daemon.processes, []);
});

void test("SIGPIPE is ignored", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  daemon.signal("SIGPIPE");
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});

void suite("a drain, as handlers see it", () => {
  void test("an asynchronous one has its signal aborted with FORKD_E_DRAINING, and may go on", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("drain-watcher"), ...patient);
    const { client, pid } = await converse(daemon.port);
    client.send("wait\npid\n");
    await client.receives("waiting\n");
    daemon.signal("SIGTERM");
    await client.receives(`FORKD_E_DRAINING\n${pid}\n`);
    client.finish();
    await client.rest();
    assert.equal(await daemon.ended(), 0);
  });

  void test("one that begins to look only then finds its signal aborted", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("drain-watcher"), ...patient);
    const { client } = await converse(daemon.port);
    daemon.signal("SIGTERM");
    await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
    await waitFor("the handler to see it", async () => {
      client.send("reason\n");
      return client.received.includes("FORKD_E_DRAINING");
    });
    client.finish();
    assert.equal(await daemon.ended(), 0);
  });

  void test("for a blocking one `draining` becomes true, and what it waits for still comes", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands-blocking"), ...patient);
    const { client } = await converse(daemon.port);
    client.send("draining\nread\n");
    await client.receives("false\n");
    daemon.signal("SIGTERM");
    await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
    client.send("still heard");
    await client.receives("still heard\n");
    await waitFor("the handler to see it", async () => {
      client.send("draining\n");
      return client.received.includes("true\n");
    });
    client.finish();
    assert.equal(await daemon.ended(), 0);
  });

  for (const [style, command] of [
    ["commands", "hang"],
    ["commands", "spin"],
    ["commands-blocking", "spin"],
    ["commands-blocking", "read"],
  ] as const) {
    void test(`drainTimeout ends those who do not finish: ${command}, ${style}`, async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), "--drain-timeout", "300ms", "--idle-timeout", "off");
      const { client, pid } = await converse(daemon.port);
      client.send(`${command}\n`);
      daemon.signal("SIGTERM");
      const end = await daemon.waitForEnd("drain timeout");
      assert.equal(end.level, "warn");
      assert.equal(end["pid"], pid);
      await client.rest();
      assert.equal(await daemon.ended(), 0);
    });
  }
});

void suite("a worker that is sent SIGTERM itself", () => {
  for (const style of ["commands", "commands-blocking"]) {
    void test(`drains, and nobody else does, ${style}`, async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...patient, "--log-level", "debug");
      const meant = await converse(daemon.port);
      const neighbour = await converse(daemon.port);
      process.kill(meant.pid, "SIGTERM");
      meant.client.send("pid\n");
      meant.client.finish();
      assert.equal(await meant.client.rest(), `${meant.pid}\n${meant.pid}\n`);
      const end = await daemon.waitForEnd("drained");
      assert.equal(end["pid"], meant.pid);
      neighbour.client.send("pid\n");
      await neighbour.client.receives(`${neighbour.pid}\n${neighbour.pid}\n`);
      assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      neighbour.client.close();
    });

    void test(`is ended by a second one, ${style}`, async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...patient);
      const { client, pid } = await converse(daemon.port);
      process.kill(pid, "SIGTERM");
      await waitFor("the first to be heard", () => isDelivered(pid));
      process.kill(pid, "SIGTERM");
      await client.rest();
      const end = await daemon.waitForEnd("terminated");
      assert.equal(end.level, "warn");
      assert.equal(end["pid"], pid);
      assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
    });
  }

  void test("leaves if it is idle, and another takes its place", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), "--spare-workers", "3");
    const before = await daemon.spares(3);
    for (const pid of before) process.kill(pid, "SIGTERM");
    await waitFor("other spares", () => {
      const now = daemon.workers;
      return now.length === 3 && !now.some((pid) => before.includes(pid));
    });
    assert.deepEqual(mainMessages(daemon), [], "that is nothing to log");
  });
});

async function isRefused(port: number): Promise<boolean> {
  return (await attempt(port, "pid\n")).failure === "ECONNREFUSED";
}

/** Whether no signal waits to be taken by a process: `SigPnd` and `ShdPnd` of proc_pid_status(5). */
async function isDelivered(pid: number): Promise<boolean> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return /^SigPnd:\s+0+$/m.test(status) && /^ShdPnd:\s+0+$/m.test(status);
}

/** What the log says from the level "info" up, after the first line, of other things than connections. */
function mainMessages(daemon: TestDaemon): string[] {
  return daemon.log
    .filter(({ level, connection }) => level !== "debug" && connection === undefined)
    .map(({ msg }) => msg)
    .slice(1);
}
