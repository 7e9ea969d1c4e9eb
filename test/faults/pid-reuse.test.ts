import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { converse, type Conversation } from "../supervisor/conversation.ts";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { childrenOf, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const flags = ["--spare-workers", "1", "--idle-timeout", "off", "--log-level", "debug"];
const namespace = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"] as const;
const isInside = process.env["TEST_NAMESPACE"] === "inside";

/** In a namespace of its own this file may say which pid comes next; the tests are there. */
if (isInside) testReuse();
else {
  void test("pids that come again", { skip: namespaceIsMissing() }, () => {
    const { NODE_TEST_CONTEXT: _ofThisRun, ...variables } = process.env;
    const [command, ...args] = [...namespace, process.execPath, "--test-reporter=tap", fileURLToPath(import.meta.url)];
    const { status, stdout, stderr } = spawnSync(command, args, {
      env: { ...variables, TEST_NAMESPACE: "inside" },
      encoding: "utf8",
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^# pass 2$/m);
  });
}

function testReuse(): void {
  void suite("a worker gets the pid of one that has died", () => {
    void test("each connection's end is logged as its own, and no slot is lost", async (t) => {
      const daemon = await TestDaemon.start(t, fixture("commands"), ...flags, "--max-connections", "4");
      const { zygote } = daemon;
      const first = await converse(daemon.port);
      await settled(zygote, 2);
      const second = await reuse(daemon, first);
      process.kill(second.pid, "SIGKILL");
      await waitFor("both ends", () => endsOf(daemon, first.pid).length === 2);
      assert.deepEqual(
        endsOf(daemon, first.pid).map(({ reason }) => reason),
        ["killed by SIGKILL", "killed by SIGKILL"],
      );
      const connections = endsOf(daemon, first.pid).map(({ connection }) => connection);
      assert.equal(new Set(connections).size, 2, "two connections, each with its own end");
      await assertAllSlotsServe(daemon, 4);
    });

    void test("of an earlier zygote: the new one's worker is not taken for it", async (t) => {
      const daemon = await TestDaemon.start(t, fixture("commands"), ...flags, "--max-connections", "4");
      const old = await converse(daemon.port);
      process.kill(daemon.zygote, "SIGKILL");
      await waitFor("the next zygote's worker", async () => (await exchange(daemon.port, "id\n")).startsWith("2."));
      const { zygote } = daemon;
      await settled(zygote, 1);
      const fresh = await reuse(daemon, old);
      assert.ok(childrenOf(zygote).includes(fresh.pid));
      process.kill(fresh.pid, "SIGKILL");
      await waitFor("both ends", () => endsOf(daemon, old.pid).length === 2);
      assert.deepEqual(
        endsOf(daemon, old.pid).map(({ generation }) => generation),
        [1, 2],
      );
      await assertAllSlotsServe(daemon, 4);
    });
  });
}

/** Kills the worker of a connection, and opens another one, whose worker has the same pid. */
async function reuse(daemon: TestDaemon, { client, pid }: Conversation): Promise<Conversation> {
  process.kill(pid, "SIGKILL");
  await client.rest();
  await waitFor("it to be reaped", () => processInfo(pid) === undefined);
  for (;;) {
    nextPid(pid);
    const conversation = await converse(daemon.port); // takes the spare: the next one is forked now, and gets the pid
    if (conversation.pid === pid) return conversation;
    conversation.client.finish();
    await conversation.client.rest();
  }
}

function nextPid(pid: number): void {
  writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
}

const settled = (zygote: number, workers: number): Promise<true> =>
  waitFor(`${workers} workers`, () => childrenOf(zygote).length === workers || undefined);

const endsOf = ({ log }: TestDaemon, worker: number): LogRecord[] =>
  log.filter(({ pid, msg }) => pid === worker && msg.startsWith("connection ended"));

/** Opens as many connections as are allowed, at once: each slot is free, or one of them would wait for ever. */
async function assertAllSlotsServe(daemon: TestDaemon, maxConnections: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: maxConnections }, () => converse(daemon.port)));
  assert.equal(new Set(opened.map(({ pid }) => pid)).size, maxConnections);
  for (const { client } of opened) client.close();
}

function namespaceIsMissing(): string | false {
  const [command, ...args] = [...namespace, "sh", "-c", "echo 1 >/proc/sys/kernel/ns_last_pid"];
  return spawnSync(command, args).status === 0 ? false : "needs root, and a namespace of processes (unshare(1))";
}
