import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, forkd, TestDaemon } from "../support/daemon.ts";

/**
 * A library that, preloaded, keeps forked processes from renewing their event loop: uv_loop_fork makes an epoll, as the
 * processes that are merely started do before they have a parent to differ from.
 */
const library = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

static pid_t started;
__attribute__((constructor)) static void note(void) { started = getpid(); }

int epoll_create1(int flags) {
  int (*original)(int) = (int (*)(int))dlsym(RTLD_NEXT, "epoll_create1");
  if (getpid() == started) return original(flags);
  while (HANGS) pause();
  errno = EMFILE;
  return -1;
}
`;

void suite("where a forked process does not work, workers are spawned, and the log says why", () => {
  for (const { hangs, reason } of [
    { hangs: 0, reason: "a process forked on trial ended: exit 111" },
    { hangs: 1, reason: "a process forked on trial hung, and was killed after 5s" },
  ]) {
    void test(hangs ? "it hangs" : "it fails", async (t) => {
      preload(t, hangs);
      const daemon = await TestDaemon.start(t, fixture("lines-async"));
      assert.match(await exchange(daemon.port, "served\n"), /served/);
      const said = daemon.log.filter(({ msg }) => msg.startsWith("fork(2) does not work here: "));
      assert.deepEqual(
        said.map(({ level, msg }) => [level, msg]),
        [["warn", `fork(2) does not work here: ${reason}; workers are spawned instead`]],
      );
    });
  }

  void test("a blocking handler, which needs no event loop, is served all the same", async (t) => {
    preload(t, 0);
    const daemon = await TestDaemon.start(t, fixture("lines-blocking"));
    assert.match(await exchange(daemon.port, "served\n"), /served/);
  });
});

void test("with engine fork it is not tried out, and what fails is named", async (t) => {
  preload(t, 0);
  const { status, stderr } = await forkd("run", fixture("lines-async"), "--listen", "127.0.0.1:0", "--engine", "fork");
  assert.equal(status, 100, stderr);
  assert.match(stderr, /^forkd: A worker of \S+, on trial, ended before it was ready for a connection: exit 111\. /m);
  assert.match(stderr, /fork\(2\) does not work with this Node on this machine: choose engine: "spawn"\.$/m);
});

void test("with engine fork, where a forked process hangs, it is said after startTimeout what hangs, and the way out", async (t) => {
  preload(t, 1);
  const flags = ["--listen", "127.0.0.1:0", "--engine", "fork", "--start-timeout", "10s"];
  const { status, stderr } = await forkd("run", fixture("lines-async"), ...flags);
  assert.equal(status, 100, stderr);
  assert.match(
    stderr,
    /^forkd: A worker of \S+, on trial, was not ready for a connection within startTimeout \(10s\), /m,
  );
  assert.match(stderr, /fork\(2\) does not work with this Node on this machine: choose engine: "spawn"\.$/m);
});

void test("where it works nothing is said of it", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("lines-async"));
  assert.match(await exchange(daemon.port, "served\n"), /served/);
  await daemon.waitForEnd("completed");
  const messages = daemon.log.map(({ msg }) => msg);
  assert.match(messages.shift() ?? "", /^listening on /);
  assert.deepEqual(messages, ["connection ended: completed"]);
});

function preload(t: TestContext, hangs: number): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  const path = join(folder, "no-fork.so");
  writeFileSync(join(folder, "no-fork.c"), library);
  execFileSync("cc", ["-shared", "-fPIC", `-DHANGS=${hangs}`, "-o", path, join(folder, "no-fork.c")]);
  process.env["LD_PRELOAD"] = path;
  t.after(() => {
    delete process.env["LD_PRELOAD"];
    rmSync(folder, { recursive: true });
  });
  return path;
}
