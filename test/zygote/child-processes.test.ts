import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

interface Told {
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly blocked: string;
  readonly ignored: string;
  readonly parent: number;
}

/** What the program tells that this process starts, unforked. */
function usual(): Told {
  return JSON.parse(execFileSync(process.execPath, [fixture("whole-node-child")], { encoding: "utf8" })) as Told;
}

/** Apart from what differs from child to child, as a worker's children must be. */
function assertUsual({ parent: _parent, ...told }: Told): void {
  const { parent: _usualParent, ...expected } = usual();
  assert.ok(told.env["TEST_DAEMON"], "the daemon's environment");
  assert.deepEqual({ ...told, env: shared(told.env) }, { ...expected, env: shared(expected.env) });
}

/** Without what this process gives the daemon, and shells what they start. */
function shared(env: Told["env"]): Record<string, string> {
  const own = ["TEST_DAEMON", "FORKD_RUNTIME_DIR", "PWD", "OLDPWD", "SHLVL", "_"];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.includes(name)));
}

void test("programs started by a worker find a process as any other", async (t) => {
  const { port, zygote } = await TestDaemon.start(t, fixture("whole-node"));
  for (const way of ["spawn", "exec", "execFile", "fork", "spawnSync", "execFileSync"]) {
    await t.test(way, async () => {
      const told = await ask<Told>(port, "start", way);
      assertUsual(told);
      assert.notEqual(told.parent, zygote);
    });
  }

  await t.test("several at once, of one worker", async () => {
    const told = await ask<Told[]>(port, "startMany");
    assert.equal(new Set(told.map(({ parent }) => parent)).size, 1);
    for (const each of told) assertUsual(each);
  });

  await t.test("no descriptor of the daemon's", async () => {
    assert.deepEqual(await ask(port, "descriptors"), ["0", "1", "2", "3"]);
  });

  await t.test("their statuses, signals and errors are told", async () => {
    assert.deepEqual(await ask(port, "statuses"), { status: 7, signal: "SIGTERM", error: "ENOENT" });
  });
});

void test("so do those started while the module loads, and in beforeFork and afterFork", async (t) => {
  const { port } = await TestDaemon.start(t, fixture("whole-node-hooks"));
  const { atLoad, inBeforeFork, inAfterFork } = await ask<Record<string, Told>>(port, "children");
  for (const told of [atLoad, inBeforeFork, inAfterFork]) assertUsual(told as Told);
});

void test("and those started in the blocking style", async (t) => {
  const { port } = await TestDaemon.start(t, fixture("whole-node-blocking"));
  for (const way of ["spawnSync", "execFileSync"]) assertUsual(await ask<Told>(port, "startSync", way));
  assert.deepEqual(await ask(port, "descriptors"), ["0", "1", "2", "3"]);
});

void test("what a program writes to the output that it shares with its worker is in the log", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("whole-node"));
  assert.equal(await ask(daemon.port, "inherit", "written by a program"), 0);
  await daemon.waitForLog("its words", ({ msg }) => msg === "written by a program");
});
