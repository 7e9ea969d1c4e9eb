import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

for (const style of ["commands", "commands-blocking"]) {
  void suite(`bad clients harm nobody else, ${style}`, () => {
    const start = (t: Parameters<typeof TestDaemon.start>[0], ...flags: string[]): Promise<TestDaemon> =>
      TestDaemon.start(t, fixture(style), "--idle-timeout", "off", ...flags);

    void test("one that sends bytes that are not UTF-8", async (t) => {
      const daemon = await start(t);
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index % 97 === 0 ? 10 : 128 + (index % 128)));
      await exchange(daemon.port, bytes);
      const { client, pid } = await converse(daemon.port);
      client.send(bytes);
      client.send("\npid\n");
      await client.receives(`${pid}\n${pid}\n`);
      client.close();
      assert.deepEqual(troubles(daemon), []);
    });

    void test("one that resets its connection, before it is accepted or after", async (t) => {
      const daemon = await start(t, "--max-connections", "2");
      const busy = [await converse(daemon.port), await converse(daemon.port)];
      const waiting = await Client.open(daemon.port);
      waiting.send("pid\n");
      waiting.socket.resetAndDestroy();
      for (const { client } of busy) client.socket.resetAndDestroy();
      assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      await daemon.waitForEnd("client gone");
      assert.deepEqual(troubles(daemon), []);
    });

    void test("one that sends 100 MB without a line's end", async (t) => {
      const daemon = await start(t);
      const { client, pid } = await converse(daemon.port);
      const flood = Buffer.alloc(1_000_000, "x");
      for (let sent = 0; sent < 100 && client.ended === undefined; sent++) client.send(flood);
      const other = exchange(daemon.port, "pid\n");
      assert.equal((await daemon.waitForEnd("line too long")).level, "info");
      assert.match(await other, /^\d+\n$/);
      await waitFor("the client to hear of it", () => client.ended);
      await waitFor("the worker to be gone", () => !isAlive(pid));
      client.close();
      assert.deepEqual(troubles(daemon), []);
    });

    void test("one that never reads, and one that says nothing", async (t) => {
      const daemon = await start(t);
      const silent = await Client.open(daemon.port);
      const deaf = await Client.open(daemon.port);
      deaf.socket.pause();
      deaf.send("write 100000000\n");
      for (let count = 0; count < 20; count++) assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
      for (const client of [silent, deaf]) {
        assert.equal(client.ended, undefined);
        client.close();
      }
      await waitFor("their workers to leave", () => daemon.workers.length === 8);
      assert.deepEqual(troubles(daemon), []);
    });
  });
}

const troubles = ({ log }: TestDaemon): unknown[] => log.filter(({ level }) => level === "warn" || level === "error");
