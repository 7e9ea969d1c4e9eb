import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { temporaryFolder } from "../support/service.ts";

void test("a daemon listens on the sockets that it is passed, and names them", async (t) => {
  const [one, other] = [listenTcp(t), listenTcp(t)];
  const daemon = await TestDaemon.startWith(t, { sockets: [one, other] }, fixture("commands"));
  const addresses = [one, other].map((fd) => `127.0.0.1:${portOf(fd)}`);
  assert.deepEqual(daemon.addresses, addresses);
  const { addresses: logged } = await daemon.waitForLog("where it listens", ({ msg }) =>
    msg.startsWith("listening on"),
  );
  assert.deepEqual(logged, addresses);
  for (const fd of [one, other]) assert.match(await exchange(portOf(fd), "pid\n"), /^\d+\n$/);
});

void test("user code does not see the variables that sockets are passed with", async (t) => {
  const launch = { sockets: [listenTcp(t)], variables: { LISTEN_FDNAMES: "web" } };
  const daemon = await TestDaemon.startWith(t, launch, fixture("variables"));
  const seen = await exchange(daemon.port, "");
  assert.match(seen, /^PATH$/m);
  assert.doesNotMatch(seen, /^LISTEN_/m);
});

void test("a client that comes while no daemon runs is served by the next on the same socket", async (t) => {
  const sockets = [listenTcp(t)];
  const first = await TestDaemon.startWith(t, { sockets }, fixture("commands"));
  first.signal("SIGTERM");
  assert.equal(await first.ended(), 0);
  const client = await Client.open(first.port);
  client.send("pid\n");
  client.finish();
  await TestDaemon.startWith(t, { sockets }, fixture("commands"));
  assert.match(await client.rest(), /^\d+\n$/);
});

void test("the file of a Unix socket that was passed outlives the daemon", async (t) => {
  const path = join(temporaryFolder(t), "socket");
  const fd = native.listenUnix(path, 8);
  t.after(() => native.close(fd));
  const daemon = await TestDaemon.startWith(t, { sockets: [fd] }, fixture("commands"));
  assert.deepEqual(daemon.addresses, [`unix:${path}`]);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.ok(existsSync(path));
});

void test("sockets for another process are left alone", async (t) => {
  const fd = listenTcp(t);
  const launch = { sockets: [fd], starter: ["env", "LISTEN_PID=1"] };
  const daemon = await TestDaemon.startWith(t, launch, fixture("variables"), "--listen", "127.0.0.1:0");
  assert.notEqual(daemon.port, portOf(fd));
  assert.doesNotMatch(await exchange(daemon.port, ""), /^LISTEN_/m);
});

void suite("a descriptor is refused that", () => {
  void test("is no socket", async (t) => {
    const [readEnd, writeEnd] = native.pipe(4096) as [number, number];
    t.after(() => [readEnd, writeEnd].forEach((fd) => native.close(fd)));
    await assertRefused(
      t,
      [listenTcp(t), readEnd],
      /^forkd: Cannot listen on descriptor 4, .* is none: ENOTSOCK .*\.$/m,
    );
  });

  void test("does not listen", async (t) => {
    const ends = native.socketPair() as [number, number];
    t.after(() => ends.forEach((fd) => native.close(fd)));
    const says =
      /^forkd: Cannot listen on descriptor 3 \("web"\), .* and is a stream socket that .*: set Accept=no .*\.$/m;
    await assertRefused(t, [ends[0]], says, { LISTEN_FDNAMES: "web" });
  });

  void test("is the one of --ready-fd", async (t) => {
    const says = /^forkd: --ready-fd must not be a socket .*; received "3"\. The first descriptor behind them is 5\.$/m;
    await assertRefused(t, [listenTcp(t), listenTcp(t)], says, {}, "--ready-fd", "3");
  });
});

async function assertRefused(
  t: TestContext,
  sockets: readonly number[],
  says: RegExp,
  variables: Readonly<Record<string, string>> = {},
  ...flags: string[]
): Promise<void> {
  await assert.rejects(TestDaemon.startWith(t, { sockets, variables }, fixture("commands"), ...flags), says);
}

function listenTcp(t: TestContext): number {
  const fd = native.listenTcp(4, "127.0.0.1", 0, 0, 8);
  t.after(() => native.close(fd));
  return fd;
}

const portOf = (fd: number): number => (native.localName(fd) as { port: number }).port;
