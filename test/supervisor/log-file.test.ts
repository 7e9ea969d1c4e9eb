import assert from "node:assert/strict";
import { mkdirSync, readlinkSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, forkd, TestDaemon } from "../support/daemon.ts";
import { logPath, readLog, recordsIn } from "../support/log-file.ts";
import { waitFor } from "../support/wait-for.ts";

const refused = 111;
const stdout = 1;
const stderr = 2;

void test("the log goes to the file that logFile names, and nowhere else", async (t) => {
  const path = logPath(t);
  const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
  await exchange(daemon.port, "log said\n");
  await waitFor("what the worker said", () => recordsIn(path).some(({ msg }) => msg === "said"));
  assert.match(recordsIn(path)[0]?.msg ?? "", /^listening on /);
  assert.equal(statSync(path).mode & 0o777, 0o600, "it is its owner's");
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.equal(recordsIn(path).at(-1)?.msg, "stopped");
  assert.equal(daemon.stderr, "");
});

void test("what Node itself has to say lands in the file, once the daemon is ready", async (t) => {
  const path = logPath(t);
  const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
  assert.equal(descriptor(daemon, stderr), path);
  assert.match(descriptor(daemon, stdout), /^(pipe|socket):/, "standard output stays what it was");
});

void test("a log that was there already is gone on with", async (t) => {
  const path = logPath(t);
  for (let count = 1; count <= 2; count++) {
    const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
    assert.equal(recordsIn(path).filter(({ msg }) => msg === "stopped").length, count);
  }
});

void test("a relative path is relative to where the daemon was started", async (t) => {
  const path = logPath(t);
  const starter = ["env", "-C", dirname(path)];
  const daemon = await TestDaemon.startWith(t, { starter }, fixture("commands"), "--log-file", basename(path));
  assert.equal(descriptor(daemon, stderr), path);
});

void test("of a daemon in the background standard output is the log file too", async (t) => {
  const path = logPath(t);
  const daemon = await TestDaemon.start(t, fixture("commands"), "--detached", "--log-file", path);
  for (const fd of [stdout, stderr]) assert.equal(descriptor(daemon, fd), path);
});

void suite("a daemon that does not start says so on stderr", () => {
  for (const [what, file, sentence] of [
    ["no folder", "missing/x.log", /: ENOENT \(no such file or directory\)\. Make its folder \/.*missing, or choose/],
    ["a folder", ".", /: EISDIR \(illegal operation on a directory\)\. Name a file in that folder\.$/],
  ] as const) {
    void test(`the log cannot be opened: ${what}`, async (t) => {
      const path = join(dirname(logPath(t)), file);
      const result = await forkd("run", fixture("commands"), "--listen", "127.0.0.1:0", "--log-file", path);
      assert.equal(result.status, refused);
      const [line = "", ...more] = result.stderr.trimEnd().split("\n");
      assert.ok(line.startsWith(`forkd: The log file ${path} (logFile) cannot be opened for appending`), line);
      assert.match(line, sentence);
      assert.deepEqual(more, []);
    });
  }

  void test("the log can be opened, but an address cannot be listened on", async (t) => {
    const path = logPath(t);
    const result = await forkd("run", fixture("commands"), "--listen", "192.0.2.1:1", "--log-file", path);
    assert.equal(result.status, refused);
    assert.match(result.stderr, /^forkd: .*192\.0\.2\.1:1.*EADDRNOTAVAIL/);
  });
});

void suite("SIGUSR1", () => {
  void test("opens the log file anew: what comes goes to the new one, and so does what Node says", async (t) => {
    const path = logPath(t);
    const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
    renameSync(path, `${path}.1`);
    await exchange(daemon.port, "log before\n");
    await waitFor("the old file to be written on", () => readLog(`${path}.1`).includes('"msg":"before"'));
    daemon.signal("SIGUSR1");
    await waitFor("descriptor 2 to follow", () => descriptor(daemon, stderr) === path);
    const old = readLog(`${path}.1`);
    await exchange(daemon.port, "log after\n");
    await waitFor("the new file to be written", () => recordsIn(path).some(({ msg }) => msg === "after"));
    assert.equal(readLog(`${path}.1`), old);
  });

  void test("an unopenable file: the old one stays in use, and says so", async (t) => {
    const path = logPath(t);
    const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    daemon.signal("SIGUSR1");
    const told = await waitFor("the trouble", () => recordsIn(`${path}.1`).find(({ level }) => level === "error"));
    assert.match(told.msg, /^the log file stays the old one: .*EISDIR/);
    assert.match(await exchange(daemon.port, "log still\n"), /^$/);
    await waitFor("the old file to be written on", () => recordsIn(`${path}.1`).some(({ msg }) => msg === "still"));
    assert.equal(descriptor(daemon, stderr), `${path}.1`);
  });

  void test("changes nothing without a log file", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"));
    const before = descriptor(daemon, stderr);
    daemon.signal("SIGUSR1");
    assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
    assert.ok(!daemon.stderr.includes("Debugger"), "Node's inspector stays shut");
    assert.match(before, /^(pipe|socket):/);
  });
});

const descriptor = ({ pid }: TestDaemon, fd: number): string => readlinkSync(`/proc/${pid}/fd/${fd}`);
