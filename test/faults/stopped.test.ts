import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { converse } from "../supervisor/conversation.ts";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

// A zygote that is stopped is to be waited for here, not replaced.
const flags = ["--spare-workers", "3", "--heartbeat-timeout", "off"];

for (const style of ["commands", "commands-blocking"]) {
  void suite(`SIGSTOP and SIGCONT, ${style}`, () => {
    void test("the supervisor: connections go on and come, and what happened meanwhile is heard of after it", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--idle-timeout", "off");
      const [busy, killed] = [await converse(daemon.port), await converse(daemon.port)];
      await stop(daemon.pid);
      busy.client.send("pid\n");
      await busy.client.receives(`${busy.pid}\n${busy.pid}\n`);
      process.kill(killed.pid, "SIGKILL");
      await killed.client.rest();
      for (let count = 0; count < 10; count++) assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      assert.equal(daemon.log.length, 1);
      process.kill(daemon.pid, "SIGTERM");
      process.kill(daemon.pid, "SIGCONT");
      await daemon.waitForEnd("killed by SIGKILL");
      await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
      busy.client.finish();
      await busy.client.rest();
      assert.equal(await daemon.ended(), 0);
    });

    void test("the zygote: connections under way go on, spares serve, and the others are served after it", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--idle-timeout", "off");
      const busy = await converse(daemon.port);
      await waitFor("the spares", () => daemon.workers.length === 4);
      const { zygote } = daemon;
      await stop(zygote);
      const opened = [await converse(daemon.port), await converse(daemon.port), await converse(daemon.port)];
      const waiting = await Client.open(daemon.port);
      waiting.send("pid\n");
      await assertAlmostIdle([daemon.pid, zygote, ...opened.map(({ pid }) => pid)]);
      busy.client.send("pid\n");
      await busy.client.receives(`${busy.pid}\n${busy.pid}\n`);
      assert.equal(waiting.received, "");
      process.kill(zygote, "SIGCONT");
      await waiting.receives("\n");
      assert.equal(daemon.zygote, zygote);
      for (const { client } of [busy, ...opened]) client.finish();
      waiting.finish();
      await waitFor("the spares alone", () => daemon.workers.length === 3);
      assert.deepEqual(troubles(daemon), []);
    });

    void test("an idle worker: the others serve, and so does it after it", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--max-connections", "3");
      const idle = await daemon.spares(3);
      for (const pid of idle.slice(1)) await stop(pid);
      for (let count = 0; count < 5; count++) assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      for (const pid of idle.slice(1)) process.kill(pid, "SIGCONT");
      const opened = [await converse(daemon.port), await converse(daemon.port), await converse(daemon.port)];
      for (const pid of idle.slice(1)) assert.ok(opened.some((conversation) => conversation.pid === pid));
      for (const { client } of opened) client.close();
      assert.deepEqual(troubles(daemon), []);
    });

    void test("a busy worker: its neighbour's deadline is kept by itself, its own by the zygote", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--idle-timeout", "6s");
      const [stopped, neighbour] = [await converse(daemon.port), await converse(daemon.port)];
      await stop(stopped.pid);
      const end = await daemon.waitForEnd("idle timeout");
      assert.equal(end["pid"], neighbour.pid);
      await neighbour.client.rest();
      await assertAlmostIdle([daemon.zygote, daemon.pid]);
      await daemon.waitForLog("its end", ({ pid, reason }) => pid === stopped.pid && reason === "killed by SIGKILL");
      await daemon.waitForLog("why", ({ msg }) => msg === "a worker does not heed its deadline, and is killed");
      await stopped.client.rest();
      await waitFor("it to be gone", () => !isAlive(stopped.pid));
    });

    void test("a busy worker, for a while: it goes on where it was", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--idle-timeout", "off");
      const { client, pid } = await converse(daemon.port);
      await stop(pid);
      client.send("pid\n".repeat(1000));
      process.kill(pid, "SIGCONT");
      client.finish();
      assert.equal(await client.rest(), `${pid}\n`.repeat(1001));
      assert.deepEqual(troubles(daemon), []);
    });

    void test("a busy worker that is told to drain while it is stopped is killed in the end", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--drain-timeout", "500ms");
      const { client, pid } = await converse(daemon.port);
      await stop(pid);
      daemon.signal("SIGTERM");
      await client.rest();
      const end = await daemon.waitForLog("its end", (record) => record["pid"] === pid && "reason" in record);
      assert.deepEqual([end["reason"], end.level, end["signal"]], ["drain timeout", "warn", "SIGKILL"]);
      assert.equal(await daemon.ended(), 0);
    });
  });
}

async function stop(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitFor("it to have stopped", () => processInfo(pid)?.state === "T");
}

const troubles = ({ log }: TestDaemon): LogRecord[] => log.filter(({ level }) => level === "warn" || level === "error");
