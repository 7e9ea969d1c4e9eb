import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { converse, type Conversation } from "../supervisor/conversation.ts";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { strace, straceIsMissing } from "../support/strace.ts";
import { waitFor } from "../support/wait-for.ts";

const flags = ["--spare-workers", "2", "--idle-timeout", "off"];

for (const [style, reads, writes] of [
  ["commands", "read,readv,recvfrom,recvmsg", "write,writev,sendto,sendmsg"],
  ["commands-blocking", "recvfrom", "sendto"],
] as const) {
  void test(`a connection fails, ${style}:`, { skip: straceIsMissing }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), ...flags);
    for (const [what, calls, errno, reason, level] of [
      ["reading", reads, "ECONNRESET", "client gone", "info"],
      ["reading", reads, "ETIMEDOUT", "client gone", "info"],
      ["reading", reads, "ENOMEM", "handler error", "error"],
      ["writing", writes, "EPIPE", "client gone", "info"],
      ["writing", writes, "ECONNRESET", "client gone", "info"],
      ["writing", writes, "ENOMEM", "handler error", "error"],
    ] as const) {
      await t.test(`${what} fails with ${errno}: ${reason}`, async (one) => {
        const { client, pid } = await converse(daemon.port);
        await strace(one, pid, "-e", `trace=${calls}`, "-e", `inject=${calls}:error=${errno}`);
        client.send("pid\n");
        const end = await endOf(daemon, pid);
        assert.deepEqual([end["reason"], end.level], [reason, level]);
        if (level === "error") assert.match(JSON.stringify(end["err"]), new RegExp(`FORKD_E_SYSTEM.*${errno}`));
        await client.rest();
        await waitFor("the worker to be gone", () => !isAlive(pid));
        assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
        assert.equal(recordsOf(daemon, pid).length, 1, "it is said once");
      });
    }

    await t.test("reading and writing are interrupted: nobody notices", async (one) => {
      const { client, pid } = await converse(daemon.port);
      const calls = `${reads},${writes}`;
      await strace(one, pid, "-e", `trace=${calls}`, "-e", `inject=${calls}:error=EINTR:when=1..10`);
      client.send("pid\n");
      await client.receives(`${pid}\n${pid}\n`);
      client.finish();
      await client.rest();
      assert.equal(client.ended, "end");
      assert.deepEqual([(await endOf(daemon, pid)).level, recordsOf(daemon, pid).length], ["info", 1]);
    });
  });

  void suite(`a client resets its connection, ${style}`, () => {
    void test("while all workers are busy, before it is accepted: the next is served", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--max-connections", "1");
      const busy = await converse(daemon.port);
      for (let count = 0; count < 5; count++) (await opened(daemon, "pid\n")).socket.resetAndDestroy();
      const waiting = await opened(daemon, "pid\n");
      busy.client.close();
      await waiting.receives("\n");
      waiting.close();
      assert.deepEqual(troubles(daemon), []);
    });

    void test("between its acceptance and the first read: it is known to be gone", {
      skip: straceIsMissing,
    }, async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--max-connections", "1");
      const [spare = 0] = await daemon.spares(1);
      await strace(t, spare, "-e", "trace=accept4", "-e", "inject=accept4:delay_exit=1000000:when=2+");
      const client = await opened(daemon, "pid\n");
      client.socket.resetAndDestroy();
      assert.equal((await daemon.waitForEnd("client gone")).level, "info");
      assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      assert.deepEqual(troubles(daemon), []);
    });

    void test("while something is under way: it is known to be gone,", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags);
      for (const [what, line] of [
        ["its line half sent", "pi"],
        ["its answer half taken", "write 50000000\n"],
      ] as const) {
        await t.test(what, async () => {
          const { client, pid } = await conversing(daemon, line);
          client.socket.resetAndDestroy();
          const end = await endOf(daemon, pid);
          assert.deepEqual([end["reason"], end.level], ["client gone", "info"]);
          await waitFor("the worker to be gone", () => !isAlive(pid));
          assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
          assert.deepEqual(troubles(daemon), []);
        });
      }
    });
  });
}

async function opened({ port }: TestDaemon, text: string): Promise<Client> {
  const client = await Client.open(port);
  client.send(text);
  return client;
}

/** Under way: some of the line is sent, some of the answer, if there is one, has come and is not read further. */
async function conversing({ port }: TestDaemon, line: string): Promise<Conversation> {
  const conversation = await converse(port);
  const { client } = conversation;
  const before = client.receivedBytes;
  client.send(line);
  if (line.endsWith("\n")) await waitFor("the answer to come", () => client.receivedBytes > before);
  client.socket.pause();
  return conversation;
}

const recordsOf = ({ log }: TestDaemon, pid: number): LogRecord[] => log.filter((record) => record["pid"] === pid);

const endOf = (daemon: TestDaemon, pid: number): Promise<LogRecord> =>
  daemon.waitForLog(`the end of ${pid}'s connection`, (record) => record["pid"] === pid);

const troubles = ({ log }: TestDaemon): LogRecord[] => log.filter(({ level }) => level === "warn" || level === "error");
