import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { redisIsMissing, startRedis } from "../support/redis.ts";
import { waitFor } from "../support/wait-for.ts";

void test("ioredis, connected in afterFork", { skip: redisIsMissing }, async (t) => {
  process.env["TEST_REDIS"] = await startRedis(t);
  t.after(() => delete process.env["TEST_REDIS"]);
  const spares = 3;
  const { port } = await TestDaemon.start(t, fixture("library-ioredis"), "--spare-workers", String(spares));

  await t.test("workers that ask at once have the answers to their own questions", async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `text-${index}`);
    const answers = await Promise.all(texts.map((text) => exchange(port, `echo ${text}\necho ${text}\n`)));
    assert.deepEqual(
      answers,
      texts.map((text) => `"${text}"\n"${text}"\n`),
    );
  });

  await t.test("each worker has a connection of its own", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => Client.open(port)));
    for (const client of clients) client.send("client id\n");
    await Promise.all(clients.map((client) => client.receives("\n")));
    assert.equal(new Set(clients.map(({ received }) => received)).size, 5);
    for (const client of clients) client.close();
  });

  await t.test("what one has written another reads, though the first has crashed", async () => {
    assert.equal(await exchange(port, "set kept value\ncrash\n"), '"OK"\n');
    assert.equal(await exchange(port, "get kept\n"), '"value"\n');
  });

  await t.test("a worker's connection leaves with it", async () => {
    const asker = await Client.open(port);
    const connections = async (): Promise<number> => {
      const { length } = asker.received;
      asker.send("client list\n");
      await waitFor("the list", () => asker.received.slice(length).endsWith("\n"));
      return (JSON.parse(asker.received.slice(length)) as string).trim().split("\n").length;
    };
    await waitFor("the asker and the spares to be alone", async () => (await connections()) === 1 + spares);
    asker.close();
  });
});
