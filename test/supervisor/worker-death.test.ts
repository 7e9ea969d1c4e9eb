import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

const spares = 4;
const flags = ["--spare-workers", String(spares), "--idle-timeout", "off", "--max-connections", "30"];

void test("kill -9 of a busy worker: its neighbours are unaffected, its place is taken", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const { zygote } = daemon;
  const neighbours = [await converse(daemon.port), await converse(daemon.port)];
  const victim = await converse(daemon.port);
  process.kill(victim.pid, "SIGKILL");
  await victim.client.rest();
  await daemon.waitForEnd("killed by SIGKILL");
  for (const { client, pid } of neighbours) {
    client.send("pid\n");
    await client.receives(`${pid}\n${pid}\n`);
  }
  await waitForWorkers(zygote, neighbours.length + spares);
  for (const { client } of neighbours) client.close();
});

void test("kill -9 of an idle worker: it is logged and replaced", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const { zygote } = daemon;
  const [victim = 0] = await waitForWorkers(zygote, spares);
  process.kill(victim, "SIGKILL");
  const entry = await daemon.waitForLog("its end", ({ pid }) => pid === victim);
  assert.equal(entry.msg, "idle worker ended: killed by SIGKILL");
  assert.equal(entry.level, "warn");
  await waitFor("it to be reaped", () => processInfo(victim) === undefined);
  await waitForWorkers(zygote, spares);
});

void test("fifty times in a row, idle and busy, the number of spares stays right", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const { zygote } = daemon;
  for (let round = 0; round < 50; round++) {
    const { pid } = await converse(daemon.port);
    const victims =
      round % 2 === 0 ? [pid] : [pid, ...childrenOf(zygote).filter((child) => child !== pid && isAlive(child))];
    for (const victim of victims) process.kill(victim, "SIGKILL");
    await waitFor("them to be reaped", () => victims.every((victim) => processInfo(victim) === undefined));
  }
  await waitForWorkers(zygote, spares);
  const busy = await Promise.all(Array.from({ length: 30 - spares }, () => converse(daemon.port)));
  await waitForWorkers(zygote, 30);
  assert.equal(new Set(busy.map(({ pid }) => pid)).size, busy.length);
  for (const { client } of busy) client.close();
  await waitForWorkers(zygote, spares);
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
});

/** Waits until there are `count` workers, and still are when the zygote has had the time to think again. */
async function waitForWorkers(zygote: number, count: number): Promise<number[]> {
  let seen = 0;
  return waitFor(`${count} workers`, () => {
    const workers = childrenOf(zygote);
    seen = workers.length === count ? seen + 1 : 0;
    return seen >= 10 ? workers : undefined;
  });
}
