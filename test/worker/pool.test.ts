import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

async function openWithPid(port: number): Promise<{ client: Client; pid: number }> {
  const client = await Client.open(port);
  client.send("pid\n");
  await client.receives("\n");
  return { client, pid: Number(client.received) };
}

void test("each connection has a process of its own", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  const opened = await Promise.all(Array.from({ length: 20 }, () => openWithPid(daemon.port)));
  assert.equal(new Set(opened.map(({ pid }) => pid)).size, 20);
  for (const { client } of opened) client.close();
});

void test("a worker serves connectionsPerWorker connections, then leaves", async (t) => {
  for (const name of ["commands", "commands-blocking"]) {
    const daemon = await TestDaemon.start(t, fixture(name), "--connections-per-worker", "3", "--spare-workers", "1");
    const pids: string[] = [];
    for (let count = 0; count < 12; count++) pids.push(await exchange(daemon.port, "pid\n"));
    const uses = new Map<string, number>();
    for (const pid of pids) uses.set(pid, (uses.get(pid) ?? 0) + 1);
    assert.ok(Math.max(...uses.values()) <= 3, `a worker was used more than three times: ${pids.join("")}`);
    assert.ok(uses.size < 12, "some worker was used again");
  }
});

void suite("at maxConnections", () => {
  void test("further clients wait in the backlog, and are served when a place is free", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), "--max-connections", "2");
    const first = await openWithPid(daemon.port);
    const second = await openWithPid(daemon.port);
    const waiting = await Promise.all([Client.open(daemon.port), Client.open(daemon.port)]);
    for (const client of waiting) client.send("pid\n");
    await waitFor("both workers to be busy", () => daemon.workers.length === 2);
    assert.deepEqual(
      waiting.map(({ received }) => received),
      ["", ""],
    );
    first.client.close();
    second.client.close();
    await Promise.all(waiting.map((client) => client.receives("\n")));
    for (const client of waiting) client.close();
  });

  void test("nothing polls", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), "--max-connections", "2");
    const opened = [await openWithPid(daemon.port), await openWithPid(daemon.port)];
    const waiting = await Client.open(daemon.port);
    const watched = [daemon.zygote, ...opened.map(({ pid }) => pid)];
    const before = wakingsOf(watched);
    await assertAlmostIdle(watched); // it takes two seconds
    const wakings = wakingsOf(watched) - before;
    assert.ok(wakings < 20, `${wakings} wakings, and a heartbeat needs but a few`);
    for (const { client } of opened) client.close();
    waiting.close();
  });
});

void test("a worker has its connection, the listener, the log, and nothing else of its parents", async (t) => {
  for (const name of ["commands", "commands-blocking"]) {
    const daemon = await TestDaemon.start(t, fixture(name));
    const { client, pid } = await openWithPid(daemon.port);
    const parents = [daemon.pid, daemon.zygote].flatMap((parent) => [...descriptorsOf(parent).values()]);
    const named = [...descriptorsOf(pid)].filter(([, target]) => /^(socket|pipe|\/)/.test(target));
    const [log] = named.filter(([fd]) => fd === 2).map(([, target]) => target);
    const shared = named.filter(([, target]) => parents.includes(target) && target !== log && target !== "/dev/null");
    assert.equal(shared.length, 1, `beside the log, only the listener is shared: ${JSON.stringify(shared)}`);
    assert.match(shared[0]?.[1] ?? "", /^socket:/);
    const sockets = named.filter(([, target]) => target.startsWith("socket:"));
    assert.equal(sockets.length, 2, "the listener and the connection");
    for (const parent of [daemon.pid, daemon.zygote, ...daemon.workers.filter((worker) => worker !== pid)]) {
      const connection = sockets.find(([, target]) => target !== shared[0]?.[1])?.[1] as string;
      assert.ok(![...descriptorsOf(parent).values()].includes(connection), "nobody else holds the connection");
    }
    client.close();
  }
});

void test("several addresses, of several families, are served alike", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "socket");
  const listen = ["127.0.0.1:0", "[::1]:0", `unix:${path}`].flatMap((address) => ["--listen", address]);
  const daemon = await TestDaemon.start(t, fixture("commands"), ...listen);
  const [v4, v6, unix] = daemon.addresses;
  assert.match(v4 ?? "", /^127\.0\.0\.1:\d+$/);
  assert.match(v6 ?? "", /^\[::1\]:\d+$/);
  assert.equal(unix, `unix:${path}`);
  const overV6 = await Client.open(Number(v6?.split(":").at(-1)), "::1");
  overV6.send("id\n");
  await overV6.receives(`[::1]:${overV6.socket.localPort} ${v6}`);
  overV6.close();
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
  assert.match(await exchangeOverUnix(path, "id\n"), new RegExp(`unix:${path}\n$`));
});

/** How often processes have slept and been woken: voluntary_ctxt_switches of proc_pid_status(5). */
const wakingsOf = (pids: readonly number[]): number =>
  pids
    .map((pid) => /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
    .reduce((sum, count) => sum + Number(count), 0);

async function exchangeOverUnix(path: string, text: string): Promise<string> {
  const { connect } = await import("node:net");
  const { text: readAll } = await import("node:stream/consumers");
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(text);
  return readAll(socket);
}
