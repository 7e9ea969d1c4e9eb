import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

void suite("how a connection ends is known and logged", () => {
  const cases = [
    { command: "exit 3", reason: "exit 3", level: "warn" },
    { command: "throw", reason: "handler error", level: "error", stack: "thrown by the handler" },
    { command: "throwLater\nhang", reason: "handler error", level: "error", stack: "thrown by a timer" },
    { command: "reject\nhang", reason: "handler error", level: "error", stack: "rejected by the handler" },
    { command: "signal SIGSEGV\nhang", reason: "killed by SIGSEGV", level: "error" },
    { command: "signal SIGKILL\nhang", reason: "killed by SIGKILL", level: "error" },
    { command: "abort", reason: "killed by SIGABRT", level: "error" },
  ];
  for (const { command, reason, level, stack } of cases) {
    void test(`${JSON.stringify(command)}: ${reason}`, async (t) => {
      const daemon = await TestDaemon.start(t, fixture("commands"));
      await exchange(daemon.port, `${command}\n`);
      const entry = await daemon.waitForEnd(reason);
      assert.equal(entry.level, level);
      assert.equal(entry["role"], "worker");
      assert.match(String(entry["connection"]), /^1\.\d+\.1$/);
      assert.match(String(entry["peer"]), /^127\.0\.0\.1:\d+$/);
      const error = entry["err"] as { stack?: string } | undefined;
      if (stack !== undefined) assert.match(error?.stack ?? "", new RegExp(`^Error: ${stack}\\n    at .*commands`));
      assert.equal(await exchange(daemon.port, "print x\n"), "", "others are served");
    });
  }

  void test("a thrown error in the blocking style", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands-blocking"));
    await exchange(daemon.port, "throw\n");
    const entry = await daemon.waitForEnd("handler error");
    assert.match((entry["err"] as { stack: string }).stack, /thrown by the handler/);
  });

  void test("a client that resets the connection: client gone", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"));
    const client = await Client.open(daemon.port);
    client.send("pid\n");
    await client.receives("\n");
    client.socket.resetAndDestroy();
    assert.equal((await daemon.waitForEnd("client gone")).level, "info");
  });

  void test("a normal end is told, or quiet if that is wanted", async (t) => {
    const quiet = await TestDaemon.start(t, fixture("commands"), "--no-connection-log");
    const talkative = await TestDaemon.start(t, fixture("commands"));
    for (const { port } of [quiet, talkative]) await exchange(port, "pid\n");
    assert.equal((await talkative.waitForEnd("completed")).level, "info");
    quiet.signal("SIGTERM");
    assert.equal(await quiet.ended(), 0);
    assert.deepEqual(quiet.log.map(({ msg }) => msg).slice(1), ["draining", "stopped"]);
  });

  void test("a handler that settles ends its worker though timers are left", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"));
    const client = await Client.open(daemon.port);
    client.send("pid\ntimers\n");
    await client.receives("ticking\n");
    const pid = Number.parseInt(client.received, 10);
    client.finish();
    await client.rest();
    await waitFor("the worker to be gone", () => !isAlive(pid));
    await daemon.waitForEnd("completed");
  });
});

void test("an ended worker is reaped at once, and its client's socket is closed at once", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  const client = await Client.open(daemon.port);
  client.send("pid\n");
  await client.receives("\n");
  const pid = Number(client.received);
  process.kill(pid, "SIGKILL");
  await client.rest();
  await waitFor("the worker to be reaped", () => processInfo(pid) === undefined);
});

void test("exit status and exitCode are the worker's", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  await exchange(daemon.port, "exitCode 7\n");
  await daemon.waitForEnd("completed");
  await exchange(daemon.port, "exit 0\n");
  const end = await daemon.waitForEnd("exit 0");
  assert.equal(end.level, "info");
  assert.equal(end["status"], 0);
});

void test("a connection has an identity, in both styles", async (t) => {
  for (const name of ["commands", "commands-blocking"]) {
    const daemon = await TestDaemon.start(t, fixture(name));
    const client = await Client.open(daemon.port);
    client.send("id\n");
    await client.receives("\n");
    const { localPort } = client.socket;
    assert.match(
      client.received,
      new RegExp(`^1\\.\\d+\\.1 127\\.0\\.0\\.1:${localPort} 127\\.0\\.0\\.1:${daemon.port}\n$`),
    );
    client.close();
  }
});

void test("what a handler prints and logs is in the log, whole, with its identity", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  await exchange(daemon.port, "print printed\nlog warned\nlongLog 50000\n");
  const printed = await daemon.waitForLog("printed", ({ msg }) => msg === "printed");
  const warned = await daemon.waitForLog("warned", ({ msg }) => msg === "warned");
  const long = await daemon.waitForLog("the long record", ({ msg }) => msg === "é".repeat(50_000));
  assert.equal(printed["role"], "worker");
  assert.equal(warned.level, "warn");
  assert.equal(warned["answer"], 42);
  assert.equal(warned["pid"], printed["pid"]);
  assert.match(String(long["connection"]), /^1\.\d+\.1$/);
});

void test("the log tells of connections that were made, and of no others", async (t) => {
  for (const style of ["commands", "commands-blocking"]) {
    const daemon = await TestDaemon.start(t, fixture(style));
    await exchange(daemon.port, "pid\n");
    await daemon.waitForEnd("completed");
    assert.equal(daemon.log.filter(({ msg }) => msg.startsWith("connection ended")).length, 1);
  }
});
