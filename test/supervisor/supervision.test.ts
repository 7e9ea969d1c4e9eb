import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, forkd, TestDaemon } from "../support/daemon.ts";
import { childrenOf, descriptorsOf, isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, many, type Attempt } from "./conversation.ts";
import { startGated } from "./gated.ts";

const patient = ["--log-level", "debug", "--idle-timeout", "off"];

void test("a zygote that stands still is killed and replaced; its workers go on", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--heartbeat-timeout", "3s");
  const { zygote } = daemon;
  const { client, pid } = await converse(daemon.port);
  process.kill(zygote, "SIGSTOP");
  await daemon.waitForLog("its end", ({ msg }) => msg === "zygote ended: hung: no sign of life for 3s");
  await waitForGeneration(daemon, 2);
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.close();
});

void test("a zygote that answers is left alone, though it is asked often", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--heartbeat-timeout", "4s");
  const since = performance.now();
  for (let served = 0; served < 20 || performance.now() - since < 5000; served++) {
    assert.match(await exchange(daemon.port, "id\n"), /^1\./);
  }
});

void test("a module that never finishes loading is no retry loop: the daemon does not start", async () => {
  for (const name of ["blocks-at-load", "waits-at-load"]) {
    const { status, stderr } = await forkd("run", fixture(name), "--listen", "127.0.0.1:0", "--start-timeout", "1s");
    assert.equal(status, 100);
    assert.match(stderr, /^forkd: .*hung: it was not ready within startTimeout \(1s\).*raise startTimeout\.\n$/m);
  }
});

void test("a module that hangs when it is loaded again is hung, too", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", "--start-timeout", "8s", ...patient);
  await writeFile(gate, "closed");
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("the hung one's end", ({ msg }) => /^zygote ended: hung: .* startTimeout \(8s\)$/.test(msg));
  assert.match(await exchange(daemon.port, "id\n"), /^1\./, "an idle worker serves meanwhile");
  await rm(gate);
  await waitFor("a new zygote to serve", async () => !(await exchange(daemon.port, "id\n")).startsWith("1."));
});

void test("too many crashes within the time: it says why, drains, and ends with status 1", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--restart-max-crashes", "3");
  const { client, pid } = await converse(daemon.port);
  for (let crash = 1; crash <= 3; crash++) {
    process.kill(await waitFor("a zygote", () => zygotes(daemon)[0]), "SIGKILL");
    await waitFor("its end to be logged", () => daemon.log.filter(isZygotesEnd).length === crash);
  }
  const { msg } = await daemon.waitForLog(
    "the end",
    ({ level, msg: text }) => level === "error" && text.startsWith("giving"),
  );
  assert.match(msg, /has crashed 3 times within 1m \(restart\.maxCrashes, restart\.within\)/);
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.finish();
  assert.equal(await daemon.ended(), 1);
});

void test("after a worker's crash the zygote is replaced under load: other addresses, nobody refused", async (t) => {
  const limits = ["--max-connections", "20", "--spare-workers", "4", "--rotate-interval", "1ms"];
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, ...limits);
  const old = daemon.zygote;
  const layout = layoutOf(old);
  const staying = await converse(daemon.port);
  const attempts: Attempt[] = [];
  const over = new AbortController();
  const load = many(4, 4, async () => {
    while (!over.signal.aborted) attempts.push(await attempt(daemon.port, "id\n"));
  });
  const victim = await converse(daemon.port);
  process.kill(victim.pid, "SIGSEGV");
  await daemon.waitForEnd("killed by SIGSEGV");
  await waitForGeneration(daemon, 2);
  await waitFor("the old zygote to be gone", () => !isAlive(old));
  over.abort();
  await load;
  for (const { received, failure } of attempts) {
    assert.equal(failure, undefined);
    assert.match(received, /^[12]\.\d+\.1 /);
  }
  assert.notEqual(layoutOf(daemon.zygote), layout);
  assert.equal(daemon.log.filter(isZygotesEnd).length, 0, "it was no crash of the zygote's");
  staying.client.send("pid\n");
  await staying.client.receives(`${staying.pid}\n${staying.pid}\n`);
  staying.client.finish();
  await waitFor("only the zygote to be left", () => childrenOf(daemon.pid).length === 1);
});

void test("no second rotation within rotateInterval, and none at all when it is off", async (t) => {
  for (const interval of ["1h", "off"]) {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--rotate-interval", interval);
    const generations = interval === "off" ? 1 : 2;
    await crashWorker(daemon);
    await waitForGeneration(daemon, generations);
    await crashWorker(daemon);
    await crashWorker(daemon);
    await waitForGeneration(daemon, generations);
    assert.equal(daemon.log.filter(({ msg }) => msg.startsWith("replacing the zygote")).length, generations - 1);
  }
});

void test("a next zygote that dies while it gets ready leaves the old one in place", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", "--rotate-interval", "1ms", ...patient);
  const { zygote } = daemon;
  await writeFile(gate, "closed");
  await crashWorker(daemon);
  const next = await daemon.waitForLog("the next one", ({ msg, pid }) => msg === "at the gate" && pid !== zygote);
  process.kill(Number(next["pid"]), "SIGKILL");
  await daemon.waitForLog("its end", ({ msg }) => msg === "the next zygote ended: SIGKILL; the old one goes on");
  assert.match(await exchange(daemon.port, "id\n"), /^1\./);
  await rm(gate);
});

void test("a zygote that dies while the next gets ready is succeeded by that", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", "--rotate-interval", "1ms", ...patient);
  const { zygote } = daemon;
  await writeFile(gate, "closed");
  await crashWorker(daemon);
  await daemon.waitForLog("the next one", ({ msg, pid }) => msg === "at the gate" && pid !== zygote);
  process.kill(zygote, "SIGKILL");
  await daemon.waitForLog("its end", isZygotesEnd);
  await rm(gate);
  await waitForGeneration(daemon, 2);
});

void test("a drain while the next zygote gets ready ends both", async (t) => {
  const { daemon, gate } = await startGated(t, "gated", "--rotate-interval", "1ms", ...patient);
  const { client, pid } = await converse(daemon.port);
  const { zygote } = daemon;
  await writeFile(gate, "closed");
  await crashWorker(daemon);
  await daemon.waitForLog("the next one", ({ msg, pid: of }) => msg === "at the gate" && of !== zygote);
  daemon.signal("SIGTERM");
  await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.finish();
  assert.equal(await daemon.ended(), 0);
  assert.ok(!daemon.log.some(({ msg }) => msg.startsWith("the next zygote ended")), "that was no trouble");
  await rm(gate);
});

void test("twenty zygotes later the supervisor has no descriptor more than before", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...patient, "--restart-max-crashes", "1000");
  const next = async (generation: number): Promise<void> => {
    process.kill(await waitFor("the zygote", () => zygotes(daemon)[0]), "SIGKILL");
    await waitForGeneration(daemon, generation);
  };
  await next(2);
  const before = descriptorsOf(daemon.pid).size;
  for (let generation = 3; generation <= 8; generation++) await next(generation);
  await waitFor("as many descriptors as before", () => descriptorsOf(daemon.pid).size === before);
});

const isZygotesEnd = ({ msg }: { readonly msg: string }): boolean => msg.startsWith("zygote ended: ");

/** Those children of the supervisor's that have children, or say that they are zygotes. */
const zygotes = (daemon: TestDaemon): number[] =>
  childrenOf(daemon.pid).filter((pid) => isAlive(pid) && childrenOf(pid).length > 0);

async function crashWorker(daemon: TestDaemon): Promise<void> {
  const { pid, client } = await converse(daemon.port);
  process.kill(pid, "SIGSEGV");
  await client.rest();
  await daemon.waitForLog("its end", (record) => record["pid"] === pid && record["reason"] === "killed by SIGSEGV");
}

async function waitForGeneration(daemon: TestDaemon, generation: number): Promise<void> {
  await waitFor(`generation ${generation}`, async () => {
    const { received } = await attempt(daemon.port, "id\n");
    return received.startsWith(`${generation}.`);
  });
}

/** Where the program, its heap and its libraries are. */
const layoutOf = (pid: number): string => readFileSync(`/proc/${pid}/maps`, "utf8").replaceAll(/ .*$/gm, "");
