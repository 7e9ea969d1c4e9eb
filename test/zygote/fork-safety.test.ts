import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { suite, test, type TestContext } from "node:test";
import { ForkSafety } from "../../dist/zygote/fork-safety.js";
import { compileAddon } from "../support/addon.ts";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { processesWith } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const compiled = fixture("leaves-open");
const source = fileURLToPath(new URL("../../test/fixtures/leaves-open.ts", import.meta.url));

interface Refused {
  /** What it is, and its details. */
  readonly what: RegExp;
  readonly advice: RegExp;
  /** Whether anybody can know where it was opened. */
  readonly hasPlace: boolean;
}

const inAfterFork = /^open it in afterFork, once for each worker$/;
const start = /^start it in afterFork$/;
const wait = /^wait for its end while the module loads, or begin it in afterFork$/;
const spawn = /^run it with engine: "spawn", for threads do not exist in a forked process$/;
const opened = (what: RegExp): Refused => ({ what, advice: inAfterFork, hasPlace: true });
const started = (what: RegExp): Refused => ({ what, advice: start, hasPlace: true });

const refused: Readonly<Record<string, Refused>> = {
  timeout: started(/^a timer, setTimeout of 100000 ms$/),
  interval: started(/^a timer, setInterval of 1000 ms$/),
  server: opened(/^a TCP server, 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  unixServer: opened(/^a server on a Unix socket, \/.+\/socket \(descriptor \d+\)$/),
  unreferencedServer: opened(/^a TCP server, 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  client: opened(/^a TCP socket, 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  udp: opened(/^a UDP socket, 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  watch: started(/^a watcher \(fs\.watch\)$/),
  watchFile: started(/^a watcher \(fs\.watchFile\)$/),
  childProcess: started(/^a child process, pid \d+ \(sleep\)$/),
  worker: { what: /^a thread \(new Worker\)$/, advice: spawn, hasPlace: true },
  unreferencedWorker: { what: /^a thread \(new Worker\)$/, advice: spawn, hasPlace: true },
  port: started(/^a message port$/),
  request: opened(/^a TCP socket, 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  keptAlive: opened(/^a TCP socket, 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ \(descriptor \d+\)$/),
  read: { what: /^a file operation under way$/, advice: wait, hasPlace: true },
  writtenFile: {
    what: /^a file open for writing, \/.+\/file \(descriptor \d+\)$/,
    advice: /^open it in afterFork, once for each worker, or here for appending$/,
    hasPlace: false,
  },
  fileHandle: {
    what: /^a file, \/.+\/file \(descriptor \d+\)$/,
    advice: /^open it in afterFork, once for each worker, or here for appending$/,
    hasPlace: false,
  },
  terminal: { what: /^a device, \/dev\/ptmx \(descriptor \d+\)$/, advice: inAfterFork, hasPlace: false },
  addonThread: { what: /^a thread \(waits\), such as native addons start$/, advice: spawn, hasPlace: false },
  addonHandle: { what: /^something that keeps Node's event loop running/, advice: start, hasPlace: false },
  addonInotify: { what: /^a kernel object, inotify, descriptor \d+$/, advice: inAfterFork, hasPlace: false },
};

void suite("what is left open is refused: what it is, what to do about it, and where it was opened", () => {
  const unreferenced = ["unreferencedServer", "keptAlive", "writtenFile", "fileHandle", "terminal"];
  const alone = ["worker", "unreferencedWorker", "addonThread"].map((name) => [name]);
  const addons = ["addonHandle", "addonInotify"];
  const others = new Set([unreferenced, ...alone, addons].flat());
  const referenced = Object.keys(refused).filter((name) => !others.has(name));
  for (const names of [referenced, unreferenced, ...alone, addons]) {
    void test(names.join(", "), async (t) => {
      const stderr = await runLeaving(t, names, "module", compiled);
      assert.match(sentenceIn(stderr), /^forkd: \/.+\/leaves-open\.js leaves open what .+ --allow-unsafe-fork\.$/);
      for (const name of names) assertHazard(stderr, name, compiled);
      assert.equal(hazardsIn(stderr).length, names.length, stderr);
    });
  }

  for (const name of ["interval", "client", "unreferencedServer"]) {
    void test(`in beforeFork too, and in TypeScript: ${name}`, async (t) => {
      const stderr = await runLeaving(t, [name], "beforeFork", source);
      assertHazard(stderr, name, source);
    });
  }
});

void test("what may be left open does not keep the daemon from starting", async (t) => {
  const daemon = await startLeaving(t, [
    "readOnlyFile",
    "folder",
    "appendedFile",
    "devices",
    "unreferencedTimer",
    "unreferencedWatcher",
    "signalListener",
    "beforeExitListener",
    "addon",
  ]);
  assert.equal(await exchange(daemon.port, ""), "served \n");
  assert.deepEqual(warningsOf(daemon), []);
  assert.ok(!daemon.stderr.includes("heard beforeExit"), "that Node might end is no news for user code");
});

void test("forkd waits for what ends by itself", async (t) => {
  const daemon = await startLeaving(t, ["shortTimer", "closing", "ended"]);
  assert.equal(await exchange(daemon.port, ""), "served \n");
});

void test("--allow-unsafe-fork warns of it, and serves", async (t) => {
  const names = ["interval", "client", "fileHandle"];
  const daemon = await startLeaving(t, names, "--allow-unsafe-fork");
  assert.equal(await exchange(daemon.port, ""), "served 0\n");
  const [warning, ...others] = warningsOf(daemon);
  assert.deepEqual(others, []);
  for (const name of names) assertHazard(warning ?? "", name, compiled);
});

/** The variables that have the fixture leave that open; they are gone when the test is over. */
async function prepare(t: TestContext, leaves: readonly string[], where: "module" | "beforeFork"): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "forkd-test-"));
  writeFileSync(join(scratch, "file"), "");
  execFileSync("mkfifo", [join(scratch, "fifo")]);
  if (leaves.some((name) => name.startsWith("addon"))) compileAddon("leaves-open", join(scratch, "addon.node"));
  const peer = createServer((request, response) => {
    if (request.url !== "/never") response.end("answered");
  });
  peer.keepAliveTimeout = 60_000; // what is kept alive is to be there when it is looked for
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  const variables = {
    LEAVES: leaves.join(","),
    WHERE: where,
    SCRATCH: scratch,
    PEER: String((peer.address() as AddressInfo).port),
  };
  Object.assign(process.env, variables);
  t.after(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
    peer.close();
    peer.closeAllConnections();
    rmSync(scratch, { recursive: true });
  });
  return scratch;
}

async function startLeaving(t: TestContext, leaves: readonly string[], ...flags: string[]): Promise<TestDaemon> {
  await prepare(t, leaves, "module");
  return TestDaemon.start(t, compiled, ...flags);
}

/** What it says when it does not start, as it must not; no process may be left. */
async function runLeaving(t: TestContext, leaves: readonly string[], where: "module" | "beforeFork", module: string) {
  const scratch = await prepare(t, leaves, where);
  const { message } = await TestDaemon.start(t, module).then(
    () => assert.fail("it has started"),
    (error: Error) => error,
  );
  await waitFor("all processes to be gone", () => processesWith(`SCRATCH=${scratch}`).length === 0);
  return message;
}

function assertHazard(text: string, name: string, module: string): void {
  const { what, advice, hasPlace } = refused[name] as Refused;
  const line = lineOf(name, module);
  const alike = hazardsIn(text).filter((hazard) => what.test(hazard.what));
  const hazard = alike.find(({ place = "" }) => !hasPlace || isIn(place.split(", from ")[0] ?? "", module, line));
  assert.ok(hazard, `${String(what)}, opened in ${module}:${line}, is in:\n${text}`);
  assert.match(hazard.advice, advice);
}

function lineOf(name: string, module: string): number {
  const lines = readFileSync(module, "utf8").split("\n");
  return lines.findIndex((line) => line.trimStart().startsWith(`${name}: `)) + 1;
}

/** `Object.client (/srv/main.ts:12:20)`: in that file, in that line or the next few, where a long call goes on. */
function isIn(place: string, module: string, line: number): boolean {
  const [, file, found = "0"] = /(\/[^(]+):(\d+):\d+\)?$/.exec(place) ?? [];
  return file === module && Number(found) >= line && Number(found) <= line + 1;
}

const warningsOf = ({ log }: TestDaemon): string[] =>
  log.filter(({ level, role }) => level === "warn" && role === "zygote").map(({ msg }) => msg);

const sentenceIn = (text: string): string => text.split("\n").find((line) => line.startsWith("forkd: ")) ?? "";

function hazardsIn(text: string): { what: string; advice: string; place: string | undefined }[] {
  return [...text.matchAll(/^- (.+?): ([a-z].+)(?:\n {4}opened at (.+))?$/gm)].map(
    ([, what = "", advice = "", place]) => ({ what, advice, place }),
  );
}

void test("what is left open is told before startTimeout has passed", async () => {
  const safety = new ForkSafety();
  const open = setInterval(() => undefined, 1000);
  const findings = [safety.findHazards([], 100), later(30_000, undefined, { ref: false })];
  assert.match((await Promise.race(findings)) ?? "", /a timer, setInterval of 1000 ms/);
  clearInterval(open);
});
