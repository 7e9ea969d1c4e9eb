import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { engine } from "../support/engine.ts";
import { childrenOf, isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, many, type Attempt } from "./conversation.ts";
import { startGated } from "./gated.ts";
import { strace, straceIsMissing } from "../support/strace.ts";

/** Connections under load, for each zygote. A spawned worker takes its time to start. */
const enough = engine === "spawn" ? 5 : 50;
const patient = ["--log-level", "debug", "--idle-timeout", "off", "--drain-timeout", "1h"];

for (const style of ["commands", "commands-blocking"]) {
  void test(`under load nobody is refused, and a new generation serves, ${style}`, async (t) => {
    const limits = ["--max-connections", "20", "--spare-workers", "4"];
    const daemon = await TestDaemon.start(t, fixture(style), ...patient, ...limits);
    const busy = [await converse(daemon.port), await converse(daemon.port), await converse(daemon.port)];
    const attempts: Attempt[] = [];
    const over = new AbortController();
    const load = many(4, 4, async () => {
      while (!over.signal.aborted) attempts.push(await attempt(daemon.port, "pid\n"));
    });
    for (let generation = 1; generation <= 3; generation++) {
      const served = attempts.length + enough;
      await waitFor(`generation ${generation} to be under load`, () => attempts.length >= served);
      process.kill(daemon.zygote, "SIGKILL");
      await waitForGeneration(daemon, generation + 1);
    }
    over.abort();
    await load;
    for (const { received, failure } of attempts) {
      assert.equal(failure, undefined);
      assert.match(received, /^\d+\n$/);
    }
    for (const { client, pid } of busy) {
      client.send("pid\n");
      await client.receives(`${pid}\n${pid}\n`);
      client.finish();
      await client.rest();
      await waitFor("the adopted worker to be reaped", () => processInfo(pid) === undefined);
    }
    await waitFor("only the zygote to be the supervisor's child", () => childrenOf(daemon.pid).length === 1);
    await assertAllSlotsServe(daemon, 20);
  });
}

void test("idle workers serve until there are new ones, and are retired then", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", ...patient);
  const idle = await daemon.spares(3);
  await writeFile(gate, "closed");
  const { client, pid } = await converse(daemon.port);
  assert.ok(idle.includes(pid));
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("the zygote's end", ({ reason }) => reason === "SIGKILL");
  const meanwhile = await exchange(daemon.port, "id\n");
  assert.match(meanwhile, /^1\./, "an old worker serves while the new ones come");
  await rm(gate);
  await waitForGeneration(daemon, 2);
  await waitFor("the idle ones to be retired", () => !idle.some((worker) => worker !== pid && isAlive(worker)));
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.close();
});

void test("the end of an adopted worker is logged, and its slot is free again", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--max-connections", "5");
  const killed = await converse(daemon.port);
  const leaving = await converse(daemon.port);
  process.kill(daemon.zygote, "SIGKILL");
  await waitForGeneration(daemon, 2);
  process.kill(killed.pid, "SIGKILL");
  const end = await daemon.waitForLog("its end", ({ pid, msg }) => pid === killed.pid && /SIGKILL/.test(msg));
  assert.equal(end["role"], "worker");
  assert.equal(end["generation"], 1);
  assert.match(String(end["connection"]), /^1\.\d+\.1$/);
  assert.match(String(end["peer"]), /^127\.0\.0\.1:\d+$/);
  leaving.client.finish();
  await daemon.waitForLog("the other's end", ({ pid, reason }) => pid === leaving.pid && reason === "completed");
  await assertAllSlotsServe(daemon, 5);
});

void test("a drain reaches the workers of all generations", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("drain-watcher"), ...patient);
  const old = await converse(daemon.port);
  process.kill(daemon.zygote, "SIGKILL");
  const fresh = await waitFor("a worker of the next generation", async () => {
    const conversation = await converse(daemon.port);
    if (isOfNewZygote(daemon, conversation.pid)) return conversation;
    conversation.client.close();
    return undefined;
  });
  for (const { client } of [old, fresh]) client.send("wait\n");
  for (const { client } of [old, fresh]) await client.receives("waiting\n");
  daemon.signal("SIGTERM");
  for (const { client } of [old, fresh]) {
    await client.receives("FORKD_E_DRAINING\n");
    client.finish();
  }
  assert.equal(await daemon.ended(), 0);
});

void test("a drain that comes while the next zygote starts is heard", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", ...patient);
  const { client, pid } = await converse(daemon.port);
  const { zygote } = daemon;
  await writeFile(gate, "closed");
  process.kill(zygote, "SIGKILL");
  /** Itself, or a worker that it has spawned: not one of the old zygote's, which the supervisor adopts. */
  const isNext = ({ msg, role, pid: of }: LogRecord): boolean => {
    const parent = processInfo(Number(of))?.parent ?? zygote;
    return msg === "at the gate" && parent !== zygote && (role === "zygote") === (parent === daemon.pid);
  };
  const next = await daemon.waitForLog("the next zygote", isNext);
  daemon.signal("SIGTERM");
  await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
  await rm(gate);
  await waitFor("it to leave", () => !isAlive(Number(next["pid"])));
  await waitFor("new connections to be refused", async () => {
    return (await attempt(daemon.port, "id\n")).failure === "ECONNREFUSED";
  });
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.finish();
  assert.equal(await daemon.ended(), 0);
});

void test("a drain that comes with the zygote's death is heard", async (t) => {
  for (let round = 0; round < 5; round++) {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...patient);
    const { client, pid } = await converse(daemon.port);
    const { zygote } = daemon;
    if (round % 2 === 0) daemon.signal("SIGTERM");
    process.kill(zygote, "SIGKILL");
    if (round % 2 === 1) daemon.signal("SIGTERM");
    client.send("pid\n");
    await client.receives(`${pid}\n${pid}\n`);
    client.finish();
    assert.equal(await daemon.ended(), 0, daemon.stderr);
  }
});

void test("a zygote that dies between reaping a worker and freeing its slot", { skip: straceIsMissing }, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--max-connections", "5");
  const { client, pid } = await converse(daemon.port);
  const { zygote } = daemon;
  await strace(t, zygote, "-e", "trace=wait4", "-e", "inject=wait4:delay_exit=3000000");
  process.kill(pid, "SIGKILL");
  await client.rest();
  await waitFor("it to be reaped", () => processInfo(pid) === undefined);
  process.kill(zygote, "SIGKILL");
  await waitForGeneration(daemon, 2);
  await assertAllSlotsServe(daemon, 5);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});

/** Waits until a worker of the `generation`-th zygote serves. */
async function waitForGeneration(daemon: TestDaemon, generation: number): Promise<void> {
  await waitFor(`generation ${generation}`, async () => {
    const { received } = await attempt(daemon.port, "id\n");
    return received.startsWith(`${generation}.`);
  });
}

/** The supervisor's child that has children; the workers it adopted have none. */
function isOfNewZygote(daemon: TestDaemon, pid: number): boolean {
  return childrenOf(daemon.pid).some((child) => childrenOf(child).includes(pid));
}

/** Opens as many connections as are allowed, at once: each slot is free, or one of them would wait for ever. */
async function assertAllSlotsServe(daemon: TestDaemon, maxConnections: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: maxConnections }, () => converse(daemon.port)));
  assert.equal(new Set(opened.map(({ pid }) => pid)).size, maxConnections);
  for (const { client } of opened) client.close();
}
