import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { suite, test } from "node:test";
import { NotifySocket } from "../../dist/supervisor/notify-socket.js";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { Notified, socatIsMissing } from "../support/notified.ts";
import { Place } from "../support/place.ts";
import { temporaryFolder } from "../support/service.ts";

void suite("a service manager", { skip: socatIsMissing }, () => {
  void test("is told that the daemon is ready, that it stops, and what it does", async (t) => {
    const name = join(temporaryFolder(t), "notify");
    const manager = await Notified.listen(t, name);
    const daemon = await TestDaemon.startWith(t, { variables: { NOTIFY_SOCKET: name } }, fixture("commands"));
    const listening = `STATUS=listening on ${daemon.addresses[0]}`;
    await manager.hears(listening);
    const client = await Client.open(daemon.port);
    client.send("pid\n");
    await client.receives("\n");
    daemon.signal("SIGTERM");
    await manager.hears("EXTEND_TIMEOUT_USEC=30000000");
    client.close();
    assert.equal(await daemon.ended(), 0);
    await manager.hears("STATUS=stopped");
    assert.deepEqual(manager.assignments, [
      "READY=1",
      `MAINPID=${daemon.pid}`,
      listening,
      "STOPPING=1",
      "STATUS=draining: connections under way may finish",
      "EXTEND_TIMEOUT_USEC=30000000",
      "STATUS=stopped",
    ]);
  });

  void test("is told at an abstract name", async (t) => {
    const name = `@forkd-test-${randomUUID()}`;
    const manager = await Notified.listen(t, name);
    await TestDaemon.startWith(t, { variables: { NOTIFY_SOCKET: name } }, fixture("commands"));
    await manager.hears("READY=1");
  });

  void test("is told that a zygote has died, and that another has taken over", async (t) => {
    const name = join(temporaryFolder(t), "notify");
    const manager = await Notified.listen(t, name);
    const daemon = await TestDaemon.startWith(t, { variables: { NOTIFY_SOCKET: name } }, fixture("commands"));
    const listening = `STATUS=listening on ${daemon.addresses[0]}`;
    process.kill(daemon.zygote, "SIGKILL");
    await manager.hears(listening, 2);
    const [, , ...states] = manager.assignments;
    assert.deepEqual(states, [listening, `${listening}; waiting for another zygote`, listening]);
  });

  void test("which is too busy to read is told all, in order, when it reads", async (t) => {
    const name = join(temporaryFolder(t), "notify");
    const manager = await Notified.listen(t, name);
    // More than the kernel queues (net.unix.max_dgram_qlen, SO_SNDBUF), and less than what is kept.
    const news = Array.from({ length: 90 }, (_, index) => `STATUS=${String(index).padStart(4000, "0")}`);
    const socket = new NotifySocket(name);
    manager.signal("SIGSTOP");
    for (const status of news) socket.send([status]);
    assert.deepEqual(manager.assignments, []);
    manager.signal("SIGCONT");
    await manager.hears(news.at(-1) ?? "");
    assert.deepEqual(manager.assignments, news);
  });

  void test("sees signs of life, if it wants to", async (t) => {
    const name = join(temporaryFolder(t), "notify");
    const manager = await Notified.listen(t, name);
    const variables = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "100000" };
    const daemon = await TestDaemon.startWith(t, { variables }, fixture("commands"));
    await manager.hears("WATCHDOG=1", 3);
    daemon.signal("SIGQUIT");
    await manager.hears("STOPPING=1");
    assert.equal(await daemon.ended(), 0);
  });

  void test("sees signs of life while the module loads, as of a daemon that is started again", async (t) => {
    const name = join(temporaryFolder(t), "notify");
    const manager = await Notified.listen(t, name);
    const place = new Place(t);
    Object.assign(place.variables, { NOTIFY_SOCKET: name, WATCHDOG_USEC: "100000" });
    const daemon = place.spawn("run", fixture("waits-at-load"));
    await manager.hears("WATCHDOG=1", 3);
    daemon.kill();
    await place.outcomeOf(daemon);
    assert.ok(!manager.assignments.includes("READY=1"));
  });
});

void test("user code does not see the variables that a service manager speaks by", async (t) => {
  const variables = { NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "1000000", WATCHDOG_PID: "1" };
  const daemon = await TestDaemon.startWith(t, { variables }, fixture("variables"));
  const seen = await exchange(daemon.port, "");
  assert.match(seen, /^PATH$/m);
  assert.doesNotMatch(seen, /^(NOTIFY_SOCKET|WATCHDOG_)/m);
});

void test("a service manager that cannot be told is complained of once, and the daemon serves", async (t) => {
  const daemon = await TestDaemon.startWith(t, { variables: { NOTIFY_SOCKET: "/nowhere" } }, fixture("commands"));
  const isComplaint = ({ msg }: { msg: string }): boolean => msg.startsWith("the service manager could not be told");
  const { level, msg } = await daemon.waitForLog("the complaint", isComplaint);
  assert.equal(level, "warn");
  assert.match(msg, /, on NOTIFY_SOCKET \/nowhere, .*: ENOENT \(.*\); it serves all the same\. /);
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("another zygote", (record) => record.msg === "a new zygote has taken over");
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.equal(daemon.log.filter(isComplaint).length, 1);
});
