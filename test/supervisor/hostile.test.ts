import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse, type Conversation } from "./conversation.ts";

const flags = ["--spare-workers", "4", "--max-connections", "12"];

for (const [command, timeouts, reason] of [
  ["closeAll", ["--session-timeout", "8s"], /./],
  ["ignoreAll", ["--session-timeout", "8s"], /^killed by SIGKILL$/],
] as const) {
  void test(`a worker that does "${command}" is ended and named; its neighbours are served`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("hostile"), ...flags, ...timeouts);
    const neighbour = await converse(daemon.port);
    const wild = await converse(daemon.port);
    wild.client.send(`${command}\n`);
    await assertServed(daemon, neighbour);
    await waitFor("it to be gone", () => !isAlive(wild.pid));
    assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
    const end = await daemon.waitForLog("its end", ({ pid, msg }) => pid === wild.pid && /ended/.test(msg));
    assert.match(String(end["reason"]), reason);
  });
}

void test("a worker that scribbles over the scoreboard disturbs nobody for long", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("hostile"), ...flags, "--log-level", "debug");
  const { zygote } = daemon;
  const neighbour = await converse(daemon.port);
  const wild = await converse(daemon.port);
  wild.client.send("scribble\n");
  await wild.client.receives("scribbled over 2\n");
  await assertServed(daemon, neighbour);
  wild.client.finish();
  await waitFor("it to be gone", () => !isAlive(wild.pid));
  await daemon.waitForLog("its end", ({ pid, msg }) => pid === wild.pid && msg.startsWith("connection ended"));
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 11 }, () => converse(daemon.port)));
    assert.equal(new Set(all.map(({ pid }) => pid)).size, 11);
    for (const { client } of all) client.close();
  }
  assert.equal(daemon.zygote, zygote);
  await waitFor("as many spares as ever", () => daemon.workers.length === 5);
  neighbour.client.finish();
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});

async function assertServed({ port }: TestDaemon, { client, pid }: Conversation): Promise<void> {
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
  (await Client.open(port)).close();
}
