import assert from "node:assert/strict";
import { readFileSync, readlinkSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { recordsIn } from "../support/log-file.ts";
import { Place, type Started } from "../support/place.ts";
import { childrenOf, descriptorsOf, isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const listen = ["--listen", "127.0.0.1:0"];

void suite("forkd start", () => {
  void test("returns when the daemon serves, with a line that says who does, and where", async (t) => {
    const place = new Place(t);
    const log = join(place.folder, "daemon.log");
    const outcome = await place.forkd("start", fixture("commands"), ...listen, "--log-file", log);
    const [, pid, port] =
      /^commands: started, pid (\d+), listening on 127\.0\.0\.1:(\d+)\n$/.exec(outcome.stdout) ?? [];
    assert.deepEqual([outcome.status, outcome.stderr], [0, ""]);
    assert.ok(isAlive(Number(pid)), outcome.stdout);
    assert.match(await exchange(Number(port), "pid\n"), /^\d+\n$/);
    assert.deepEqual(place.files, ["commands", "commands/admin.sock", "commands/pid"]);
  });

  void test("with --json says it for programs, with each address", async (t) => {
    const place = new Place(t);
    const socket = `unix:${join(place.folder, "x.sock")}`;
    const { name, pid, addresses } = await place.start(fixture("commands"), ...listen, "--listen", socket);
    assert.equal(name, "commands");
    assert.ok(isAlive(pid));
    assert.match(addresses.join(" "), /^127\.0\.0\.1:\d+ unix:\/\S+\/x\.sock$/);
    assert.equal(addresses[1], socket);
  });

  void test("gives it a session without a terminal, the folder / and umask 022", async (t) => {
    const { pid } = await new Place(t).start(fixture("commands"));
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    assert.deepEqual([Number(group), Number(session), terminal], [pid, pid, "0"]);
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), "/");
    assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), /^Umask:\s+0022$/m);
  });

  void test("leaves it nothing that the caller has open", async (t) => {
    const { pid, log } = await new Place(t).start(fixture("commands"));
    const open = descriptorsOf(pid);
    assert.deepEqual(
      [0, 1, 2].map((fd) => open.get(fd)),
      ["/dev/null", log, log],
    );
    const own = new Set(descriptorsOf(process.pid).values());
    for (const [fd, what] of open) {
      const isShared = /^(pipe|socket|\/dev\/pts)/.test(what) && own.has(what);
      assert.ok(!isShared, `descriptor ${fd} is ${what}`);
    }
    assert.equal(statSync(log).mode & 0o777, 0o600);
  });

  void test("--directory is its working folder, and that of its workers", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"), "--directory", place.folder);
    const worker = childrenOf(childrenOf(pid)[0] ?? 0)[0] ?? 0;
    for (const one of [pid, worker]) assert.equal(readlinkSync(`/proc/${one}/cwd`), realpathSync(place.folder));
  });

  void test("relative paths on its command line mean what they mean to the caller", async (t) => {
    const place = new Place(t);
    const flags = ["--listen", "unix:x.sock", "--log-file", "daemon.log", "--runtime-dir", "run"];
    symlinkSync(fixture("commands"), join(place.folder, "linked.js"));
    const outcome = await place.forkdIn({ cwd: place.folder }, "start", "linked.js", ...flags);
    const line = `commands: started, pid N, listening on unix:${place.folder}/x.sock\n`;
    assert.equal(outcome.stdout.replace(/pid \d+/, "pid N"), line, outcome.stderr);
    assert.match(recordsIn(join(place.folder, "daemon.log"))[0]?.msg ?? "", /^listening on /);
    assert.equal((await place.forkd("status")).status, 0);
  });

  void test("and so do those in its variables", async (t) => {
    const place = new Place(t);
    const env = { FORKD_LOG_FILE: "daemon.log", FORKD_LISTEN: "127.0.0.1:0, unix:x.sock", FORKD_RUNTIME_DIR: "run" };
    const outcome = await place.forkdIn({ cwd: place.folder, env }, "start", fixture("commands"));
    assert.match(
      outcome.stdout,
      new RegExp(` on 127\\.0\\.0\\.1:\\d+, unix:${place.folder}/x\\.sock\n$`),
      outcome.stderr,
    );
    assert.match(recordsIn(join(place.folder, "daemon.log"))[0]?.msg ?? "", /^listening on /);
    assert.equal((await place.forkd("status")).status, 0);
  });

  void test("starts over where a predecessor was killed and left its files", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    process.kill(pid, "SIGKILL");
    await waitFor("the supervisor's end", () => !isAlive(pid));
    assert.deepEqual(place.files, ["commands", "commands/admin.sock", "commands/pid"]);
    assert.match((await place.forkd("status")).stderr, /^forkd: No daemon runs here/);
    const next = await place.start(fixture("commands"));
    assert.equal((await place.ask<Started>("status")).pid, next.pid);
  });

  void test("starts several of different names, which know nothing of each other", async (t) => {
    const place = new Place(t);
    const one = await place.start(fixture("commands"), "--name", "one");
    const other = await place.start(fixture("commands"), "--name", "other");
    assert.deepEqual(
      (await place.ask<Started[]>("list")).map(({ pid }) => pid),
      [one.pid, other.pid],
    );
    assert.equal((await place.forkd("stop", "one")).stdout, "one: stopped\n");
    assert.match(await exchange(other.port, "pid\n"), /^\d+\n$/);
  });
});
