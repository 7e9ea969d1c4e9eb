import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { converse } from "../supervisor/conversation.ts";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { waitFor } from "../support/wait-for.ts";

/** Lines about connections would be among what is lost. */
const flags = ["--spare-workers", "2", "--idle-timeout", "off", "--no-connection-log"];
/** Of so many, each half a KiB long, some must be lost: forkd keeps a MiB for want of a reader, and its pipe holds another. */
const flood = 6000;

for (const [way, start] of [
  ["stderr", (t: TestContext, path: string) => startLoggingTo(t, openSync(path, "a"))],
  ["logFile", (t: TestContext, path: string) => TestDaemon.start(t, fixture("commands"), ...flags, "--log-file", path)],
] as const) {
  void test(`a log on a full device, by ${way}: service goes on, and stops when told to`, async (t) => {
    const daemon = await start(t, "/dev/full");
    await assertServes(daemon, 300);
    await assertAlmostIdle([daemon.pid, daemon.zygote]);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
  });

  void test(`a log on a full disk, by ${way}: what was lost is told when there is room again`, {
    skip: noMount(),
  }, async (t) => {
    const folder = mountDisk(t, "64k");
    writeFileSync(join(folder, "others"), Buffer.alloc(48 * 1024));
    const file = join(folder, "log");
    const daemon = await start(t, file);
    await assertServes(daemon, flood);
    truncateSync(join(folder, "others"), 0);
    spawnSync("mount", ["-o", "remount,size=64m", folder]);
    await assertLossIsTold(daemon, () => readFileSync(file, "utf8"), /: ENOSPC \(no space left on device\)$/);
  });
}

void test("a log whose reader has gone: service goes on, and stops when told to", async (t) => {
  const [readEnd, writeEnd] = native.pipe(4096) as [number, number];
  const daemon = await startLoggingTo(t, writeEnd);
  closeSync(readEnd);
  await assertServes(daemon, flood);
  await assertAlmostIdle([daemon.pid, daemon.zygote]);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});

void test("a log that nobody reads for a while: service goes on, and what was lost is told", async (t) => {
  const [readEnd, writeEnd] = native.pipe(4096) as [number, number];
  const daemon = await startLoggingTo(t, writeEnd);
  process.kill(daemon.zygote, "SIGKILL");
  await waitFor("another zygote's worker", async () => (await exchange(daemon.port, "id\n")).startsWith("2."));
  await assertServes(daemon, flood);
  await assertAlmostIdle([daemon.pid, daemon.zygote]);
  const read = readAll(t, readEnd);
  await assertLossIsTold(daemon, read, /: it was not read fast enough$/);
  assert.match(read(), /zygote ended: SIGKILL/, "what was said meanwhile is kept");
});

void test("a log that nobody reads: the daemon stops when told to", async (t) => {
  const [readEnd, writeEnd] = native.pipe(4096) as [number, number];
  t.after(() => closeSync(readEnd));
  const daemon = await startLoggingTo(t, writeEnd);
  await assertServes(daemon, flood);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});

/** With a descriptor that is closed here. */
async function startLoggingTo(t: TestContext, stderr: number): Promise<TestDaemon> {
  const daemon = await TestDaemon.startWith(t, { stderr }, fixture("commands"), ...flags);
  closeSync(stderr);
  return daemon;
}

/** Has a worker log so many records, and sees that it and others serve. */
async function assertServes({ port }: TestDaemon, records: number): Promise<void> {
  const { client, pid } = await converse(port);
  client.send(`floodLog ${records}\npid\n`);
  await client.receives(`${pid}\n${pid}\n`);
  assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
  client.finish();
  await client.rest();
}

/** Whatever was lost, each record that came is whole, and the number of the others is told. */
async function assertLossIsTold(daemon: TestDaemon, read: () => string, why: RegExp): Promise<void> {
  const told = await waitFor("the loss to be told", () => parse(read()).find(({ msg }) => why.test(msg)));
  assert.equal(told.level, "warn");
  assert.match(told.msg, /^\d+ log records were lost/);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  const records = await waitFor("the last record", () => {
    const all = parse(read());
    return all.at(-1)?.msg === "stopped" ? all : undefined;
  });
  const came = records.filter(({ msg }) => msg.startsWith("flood")).length;
  const lost = records.reduce((sum, { dropped }) => sum + Number(dropped ?? 0), 0);
  assert.equal(came + lost, flood, "each record came, or is counted");
}

const parse = (log: string): LogRecord[] =>
  log
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord);

function readAll(t: TestContext, fd: number): () => string {
  const socket = new Socket({ fd, readable: true, writable: false });
  let read = "";
  socket.setEncoding("utf8").on("data", (text: string) => (read += text));
  t.after(() => socket.destroy());
  return () => read;
}

/** A disk of its own, of that size. */
function mountDisk(t: TestContext, size: string): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "forkd-test", folder]).status, 0);
  t.after(() => {
    spawnSync("umount", ["--lazy", folder]); // the daemon's end comes later
    rmSync(folder, { recursive: true });
  });
  return folder;
}

function noMount(): string | false {
  const tried = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "forkd-test", tmpdir()]);
  return tried.status === 0 && process.getuid?.() === 0 ? false : "needs root, allowed to mount";
}
