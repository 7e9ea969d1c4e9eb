import assert from "node:assert/strict";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { ask } from "../support/ask.ts";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { descriptorsOf, isAlive, signalsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const spawn = ["--engine", "spawn", "--spare-workers", "2"];
const patient = ["--drain-timeout", "1h", "--idle-timeout", "off", "--log-level", "debug"];

void test("threads, sockets and timers of the module's loading are each worker's own, and work", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("busy-at-load"), ...spawn);
  const { port } = daemon;
  assert.equal(await ask(port, "thread", 21), 42);
  assert.equal(await ask(port, "socket"), true);
  assert.equal(await ask(port, "timer"), true);
  assert.notEqual(await ask(port, "pid"), await ask(port, "pid"));
});

void test("a worker is told to drain whichever of its threads takes the signal", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("busy-at-load"), ...spawn, ...patient);
  const client = await Client.open(daemon.port);
  client.send('["pid"]\n');
  await client.receives("\n");
  const { value: pid } = JSON.parse(client.received) as { value: number };
  const before = socketsOf(pid);
  daemon.signal("SIGTERM");
  await waitFor("the worker to close its listener", () => socketsOf(pid) < before);
  client.send('["thread", 4]\n');
  await client.receives('{"value":8}\n');
  client.finish();
  await client.rest();
  assert.equal((await daemon.waitForEnd("drained"))["pid"], pid);
  assert.equal(await daemon.ended(), 0);
});

const socketsOf = (pid: number): number =>
  [...descriptorsOf(pid).values()].filter((target) => target.startsWith("socket:")).length;

void test("new Worker() works in a handler, on every version of Node", async (t) => {
  const { port } = await TestDaemon.start(t, fixture("whole-node"), ...spawn);
  assert.deepEqual(await ask(port, "thread", "named import"), { isOwn: true, status: 0 });
});

void test("nothing odd meets the eye, and nothing of forkd's is open but the connection, the listener, the log", async (t) => {
  const { port } = await TestDaemon.start(t, fixture("whole-node"), ...spawn);
  const { execArgv, module, parameters, odd } = await ask<Record<string, unknown>>(port, "surroundings");
  const ownOdd = Object.keys(process.env).filter((name) => name.startsWith("LD_") || name.startsWith("NODE_"));
  assert.deepEqual(
    { execArgv, module, parameters, odd },
    { execArgv: [], module: fixture("whole-node"), parameters: [], odd: ownOdd },
  );
  const client = await Client.open(port);
  client.send('["identity"]\n');
  await client.receives("\n");
  const { value } = JSON.parse(client.received) as { value: { pid: number } };
  const open = descriptorsOf(value.pid);
  const targets = [...open.values()];
  assert.equal(socketsOf(value.pid), 2);
  assert.ok(!targets.some((target) => target.includes("memfd")), JSON.stringify(targets));
  assert.ok(open.get(1)?.startsWith("pipe:") && open.get(1) === open.get(2));
  assert.equal(signalsOf(value.pid, "SigBlk"), 0n, "a busy worker takes all signals");
  client.close();
});

void test("the types of a module are stripped once for all workers of a zygote", async (t) => {
  const folder = await temporaryFolder(t, join(import.meta.dirname, "stripped-"));
  const module = join(folder, "greeter.ts");
  const source = (word: string): string =>
    `import { defineDaemon, type Connection } from "forkd";
export default defineDaemon({ serve: (connection: Connection) => connection.write("${word}\\n") });`;
  await writeFile(module, source("first"));
  const { port } = await TestDaemon.start(t, module, ...spawn);
  await writeFile(module, source("second"));
  for (let count = 0; count < 4; count++) assert.equal(await exchange(port, ""), "first\n");
});

void suite("while workers start", () => {
  void test("the daemon is not ready before one waits for connections", async (t) => {
    const gate = await closedGate(t);
    let isReady = false;
    const starting = TestDaemon.start(t, fixture("gated"), ...spawn).then((daemon) => {
      isReady = true;
      return daemon;
    });
    await waitFor("a worker at the gate", () => isThere(`${gate}-reached`));
    assert.equal(isReady, false);
    await rm(gate);
    assert.match(await exchange((await starting).port, "id\n"), /^1\.\d+\.1\n$/);
  });

  void test("a drain ends them at once: they have no client", async (t) => {
    const { daemon } = await startGated(t);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
    assert.deepEqual(
      daemon.log.filter(({ level }) => level === "warn" || level === "error").map(({ msg }) => msg),
      ["idle worker ended: killed by SIGKILL"],
      "but the one that the test has killed",
    );
  });

  void test("they go with their zygote, and their places are free", async (t) => {
    const { daemon, starting, gate } = await startGated(t, "--max-connections", "2");
    process.kill(daemon.zygote, "SIGKILL");
    await waitFor("it to be gone", () => !isAlive(starting));
    await rm(gate);
    const clients = await Promise.all([Client.open(daemon.port), Client.open(daemon.port)]);
    for (const client of clients) client.send("pid\n");
    for (const client of clients) await client.receives("\n");
    for (const client of clients) client.close();
  });

  void test("they go with the supervisor", async (t) => {
    const { daemon } = await startGated(t);
    daemon.signal("SIGKILL");
    await daemon.gone();
  });
});

void test("a module that loads no more: logged with its stack, tried again with pauses, mended", async (t) => {
  const fault = join(await temporaryFolder(t, join(tmpdir(), "forkd-test-")), "fault");
  process.env["TEST_FAULT"] = fault;
  const daemon = await TestDaemon.start(t, fixture("fails-to-load"), ...spawn);
  await writeFile(fault, "");
  for (const pid of daemon.workers) process.kill(pid, "SIGKILL");
  const entry = await daemon.waitForLog("the failure", ({ msg }) => msg === "the worker could not start");
  assert.equal(entry["role"], "worker");
  assert.match(JSON.stringify(entry["err"]), /Error: it does not load now\\n +at .*fails-to-load/);
  await daemon.waitForLog("its end", ({ msg, pid }) => msg === "idle worker ended: exit 1" && pid === entry["pid"]);
  await rm(fault);
  assert.equal(await exchange(daemon.port, ""), "served\n");
});

/** A daemon of whose two workers one waits for a connection, and one is at the gate. */
async function startGated(
  t: TestContext,
  ...flags: string[]
): Promise<{ daemon: TestDaemon; starting: number; gate: string }> {
  const gate = await closedGate(t);
  await rm(gate);
  const daemon = await TestDaemon.start(t, fixture("gated"), ...spawn, ...patient, ...flags);
  const spares = await daemon.spares(2);
  await writeFile(gate, "");
  process.kill(spares[0] as number, "SIGKILL");
  await waitFor("a worker at the gate", () => isThere(`${gate}-reached`));
  return { daemon, starting: daemon.workers.find((pid) => !spares.includes(pid)) as number, gate };
}

async function closedGate(t: TestContext): Promise<string> {
  const gate = join(await temporaryFolder(t, join(tmpdir(), "forkd-test-")), "gate");
  process.env["TEST_GATE"] = gate;
  await writeFile(gate, "");
  return gate;
}

async function temporaryFolder(t: TestContext, prefix: string): Promise<string> {
  const folder = await mkdtemp(prefix);
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
