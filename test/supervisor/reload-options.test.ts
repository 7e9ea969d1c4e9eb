import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { Client, exchange } from "../support/client.ts";
import { isAboutForks } from "../support/engine.ts";
import { logPath, recordsIn } from "../support/log-file.ts";
import { missing } from "../support/programs.ts";
import { childrenOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, many } from "./conversation.ts";
import { Reloadable } from "./reloadable.ts";

const usual = { listen: ["127.0.0.1:0"], idleTimeout: "off", spareWorkers: 4, drainTimeout: "1h" };

void test("listen: what is kept refuses nobody, what is gone is closed, what is new is listened on", async (t) => {
  const reloadable = await start(t);
  const { daemon, folder, admin } = reloadable;
  const first = join(folder.path, "first.sock");
  const second = join(folder.path, "second.sock");
  const over = new AbortController();
  const failures: string[] = [];
  const load = many(2, 2, async () => {
    while (!over.signal.aborted) failures.push((await attempt(daemon.port, "version\n")).failure ?? "");
  });
  const listen = async (...addresses: string[]): Promise<readonly string[]> => {
    await reloadWith(reloadable, { listen: addresses });
    return (await admin.status()).addresses;
  };
  const [kept = ""] = daemon.addresses;
  assert.deepEqual(await listen(`unix:${first}`, "127.0.0.1:0"), [`unix:${first}`, kept]);
  assert.match(await askAt(first), /^2\./);
  assert.deepEqual(await listen("127.0.0.1:0", `unix:${second}`), [kept, `unix:${second}`]);
  assert.match(await askAt(second), /^3\./);
  assert.ok(!existsSync(first));
  const [, , third = ""] = await listen("127.0.0.1:0", `unix:${second}`, "127.0.0.1:0");
  const port = Number(third.split(":")[1]);
  assert.match(await exchange(port, "id\n"), /^4\./);
  assert.deepEqual(await listen("127.0.0.1:0"), [kept]);
  assert.ok(!existsSync(second));
  await waitFor("it to be closed", async () => (await attempt(port, "id\n")).failure === "ECONNREFUSED");
  over.abort();
  await load;
  assert.deepEqual(new Set(failures), new Set([""]));
  assert.equal(
    readFileSync(join(folder.path, admin.name, "pid"), "utf8")
      .trim()
      .split("\n")
      .at(-1),
    kept,
  );
});

void test("listen: an address that is wanted no more is free at once, though connections to it are under way", async (t) => {
  const reloadable = await start(t);
  const { daemon, folder } = reloadable;
  const { client, pid } = await converse(daemon.port);
  await reloadWith(reloadable, { listen: [`unix:${join(folder.path, "socket")}`] });
  await waitFor("it to be free", async () => (await attempt(daemon.port, "")).failure === "ECONNREFUSED");
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  client.close();
});

void test("maxConnections may be raised and lowered", async (t) => {
  const reloadable = await start(t, { maxConnections: 4 });
  const { daemon, admin } = reloadable;
  for (const maxConnections of [40, 4, 12]) {
    await reloadWith(reloadable, { maxConnections });
    await reloadable.waitForPeace(Math.min(4, maxConnections));
    const opened = await Promise.all(Array.from({ length: maxConnections }, () => converse(daemon.port)));
    const { workers } = await admin.status();
    assert.deepEqual(workers, { idle: 0, busy: maxConnections, max: maxConnections });
    for (const { client } of opened) client.finish();
    await Promise.all(opened.map(({ client }) => client.rest()));
  }
});

void test("maxConnections may be lowered below the number of connections under way", async (t) => {
  const reloadable = await start(t, { maxConnections: 20 });
  const { daemon } = reloadable;
  const opened = await Promise.all(Array.from({ length: 10 }, () => converse(daemon.port)));
  await reloadWith(reloadable, { maxConnections: 3 });
  const waiting = converse(daemon.port);
  for (const { client } of opened) client.finish();
  (await waiting).client.finish();
  await reloadable.waitForPeace(3);
});

void test("spareWorkers, connectionsPerWorker and idleTimeout", async (t) => {
  const reloadable = await start(t);
  const { daemon } = reloadable;
  const pidsOfTwenty = async (): Promise<number> =>
    new Set(await many(20, 1, async () => (await exchange(daemon.port, "pid\n")).trim())).size;
  assert.equal(await pidsOfTwenty(), 20);
  await reloadWith(reloadable, { spareWorkers: 2, connectionsPerWorker: 100 });
  await reloadable.waitForPeace(2);
  assert.ok((await pidsOfTwenty()) <= 4); // two, but for moments in which those are still at the end of a connection
  await reloadWith(reloadable, { spareWorkers: 6, idleTimeout: "500ms" });
  await reloadable.waitForPeace(6);
  await (await Client.open(daemon.port)).rest();
  await daemon.waitForEnd("idle timeout");
});

void test("logLevel and logFormat change; name and logFile stay", async (t) => {
  const [path, other] = [logPath(t), logPath(t)];
  const reloadable = await start(t, { logFile: path });
  const { admin } = reloadable;
  await reloadWith(reloadable, { logLevel: "debug", logFile: other, name: "other" });
  await reloadable.ask("version");
  await waitFor("debug records", () => recordsIn(path).some(({ level }) => level === "debug"));
  assert.equal(recordsIn(path).filter(({ msg }) => msg === "reloaded: generation 2 serves").length, 1);
  assert.equal((await admin.status()).name, admin.name);
  assert.ok(!existsSync(other));
  await reloadWith(reloadable, { logFormat: "pretty", logFile: path });
  await waitFor("a line for people", () =>
    /^\[.*INFO.*: reloaded: generation 3 serves/m.test(readFileSync(path, "utf8")),
  );
});

void test("engine", { skip: isAboutForks }, async (t) => {
  const reloadable = await start(t, { engine: "fork" });
  for (const wanted of ["spawn", "fork"]) {
    await reloadWith(reloadable, { engine: wanted });
    assert.equal((await reloadable.admin.status()).engine, wanted);
    assert.equal(await reloadable.ask("engine"), wanted);
  }
});

void test("backlog, also of an address that is kept", { skip: missing({ ss: "iproute2" }) }, async (t) => {
  const reloadable = await start(t);
  const { daemon, folder } = reloadable;
  const backlog = (): string =>
    execFileSync("ss", ["-Hltn", `sport = :${daemon.port}`], { encoding: "utf8" })
      .trim()
      .split(/\s+/)[2] ?? "";
  await reloadWith(reloadable, { backlog: 17 });
  assert.equal(backlog(), "17");
  folder.write("fault", "load throws");
  await assert.rejects(reloadWith(reloadable, { backlog: 23 }));
  folder.write("fault", "afterFork throws");
  await assert.rejects(reloadWith(reloadable, { backlog: 23 }));
  folder.write("fault", "");
  assert.equal(backlog(), "17", "a reload that fails changes nothing");
});

void test("limits, heartbeatTimeout and rotateInterval", async (t) => {
  const reloadable = await start(t, { heartbeatTimeout: "1h", rotateInterval: "off" });
  const { daemon } = reloadable;
  await reloadWith(reloadable, { limits: { openFiles: 77 }, heartbeatTimeout: "5s", rotateInterval: "1ms" });
  const { pid, client } = await converse(daemon.port);
  assert.match(readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max open files +77 /m);
  process.kill(pid, "SIGSEGV");
  await client.rest();
  await daemon.waitForLog("a rotation", ({ msg }) => msg === "replacing the zygote, of which a worker has crashed");
  await waitFor("its end", async () => (await reloadable.ask("id")).startsWith("3."));
  await reloadable.waitForPeace(4);
  process.kill(childrenOf(daemon.pid)[0] as number, "SIGSTOP");
  await daemon.waitForLog("that it is missed", ({ msg }) => msg === "zygote ended: hung: no sign of life for 5s");
});

function start(t: TestContext, options: object = {}): Promise<Reloadable> {
  return Reloadable.startWith(t, { asModuleSays: true, options: { ...usual, ...options } }, "reloadable");
}

function reloadWith(reloadable: Reloadable, options: object): Promise<number> {
  reloadable.folder.write("options", JSON.stringify({ ...usual, ...options }));
  return reloadable.reload();
}

function askAt(path: string): Promise<string> {
  const socket = connect(path);
  socket.end("id\n");
  return text(socket);
}
