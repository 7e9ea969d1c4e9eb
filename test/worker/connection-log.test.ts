import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "../supervisor/conversation.ts";

const styles = ["commands", "commands-blocking"] as const;
const identity = ["role", "pid", "generation", "connection"] as const;
const much = 300_000;

for (const style of styles) {
  void suite(`a line for each connection that has ended, ${style}`, () => {
    void test("says who was served, by which process, for how long, and what that cost", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style));
      const client = await Client.open(daemon.port);
      const { localPort } = client.socket;
      const asked = `pid\nwrite ${much}\n`;
      client.send(asked);
      client.finish();
      const received = await client.rest();
      const end = await daemon.waitForEnd("completed");
      assert.equal(end.msg, "connection ended: completed");
      assert.equal(end.level, "info");
      assert.equal(end["role"], "worker");
      assert.equal(end["pid"], Number.parseInt(received, 10));
      assert.equal(end["generation"], 1);
      assert.match(String(end["connection"]), /^1\.\d+\.1$/);
      assert.equal(end["peer"], `127.0.0.1:${localPort}`);
      assert.equal(end["bytesIn"], asked.length);
      assert.equal(end["bytesOut"], received.length);
      for (const name of ["ms", "userMs", "systemMs"]) assert.ok(Number(end[name]) >= 0, name);
      assert.ok(Number(end["maxRssKib"]) > 1000);
    });

    void test("counts bytes of who is killed, too", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style));
      const { client, pid } = await converse(daemon.port);
      client.send("pid\n");
      await client.receives(`${pid}\n${pid}\n`);
      await waitFor("the worker to wait for more", () => processInfo(pid)?.state === "S");
      process.kill(pid, "SIGKILL");
      const end = await daemon.waitForEnd("killed by SIGKILL");
      assert.equal(end["signal"], "SIGKILL");
      assert.equal(end["bytesIn"], "pid\npid\n".length);
      assert.equal(end["bytesOut"], client.received.length);
    });

    void test("a re-used worker's earlier connections are not counted", async (t) => {
      const alone = ["--connections-per-worker", "2", "--max-connections", "1"];
      const daemon = await TestDaemon.start(t, fixture(style), ...alone);
      await exchange(daemon.port, "burn 300\n");
      const first = await daemon.waitForEnd("completed");
      await exchange(daemon.port, "pid\n");
      const isSecond = ({ connection, reason }: LogRecord): boolean => reason !== undefined && connection === "1.1.2";
      const second = await daemon.waitForLog("its second", isSecond);
      assert.equal(second["pid"], first["pid"]);
      assert.equal(second["bytesIn"], "pid\n".length);
      assert.ok(cpu(first) >= 300, `${cpu(first)} ms`);
      assert.ok(cpu(second) < cpu(first), `${cpu(second)} ms`);
    });

    void test("peers are anonymous if that is wanted, however the connection ends", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), "--anonymize-peers");
      const ends = [
        ["pid\n", "completed"],
        ["throw\n", "handler error"],
        ["exit 3\n", "exit 3"],
      ] as const;
      for (const [command, reason] of ends) {
        await exchange(daemon.port, command);
        assert.equal((await daemon.waitForEnd(reason))["peer"], "127.0.0.0");
      }
      assert.match(await exchange(daemon.port, "id\n"), / 127\.0\.0\.1:\d+ /, "user code is told all");
    });
  });
}

void test("all records of a connection say whose they are, in the same way", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  await exchange(daemon.port, "print printed\nlog logged\npid\n");
  const end = await daemon.waitForEnd("completed");
  for (const said of ["printed", "logged"]) {
    const record = await daemon.waitForLog(said, ({ msg }) => msg === said);
    for (const name of identity) assert.equal(record[name], end[name], `${name} of what was ${said}`);
  }
});

void test("unusual ends are told even if usual ones are not", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), "--no-connection-log");
  for (const command of ["pid", "exit 0", "exit 3", "throw"]) await exchange(daemon.port, `${command}\n`);
  for (const reason of ["exit 3", "handler error"]) await daemon.waitForEnd(reason);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.equal(daemon.log.filter(({ msg }) => msg.startsWith("connection ended")).length, 2);
});

const cpu = ({ userMs, systemMs }: LogRecord): number => Number(userMs) + Number(systemMs);
