import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { waitFor } from "../support/wait-for.ts";

void test("pg, with a pool made in afterFork", { skip: postgresIsMissing }, async (t) => {
  process.env["TEST_POSTGRES"] = await startPostgres(t);
  t.after(() => delete process.env["TEST_POSTGRES"]);
  const { port } = await TestDaemon.start(t, fixture("library-pg"));
  const query = async (text: string): Promise<unknown> => JSON.parse(await exchange(port, `${text}\n`));

  await t.test("workers that query at once have the answers to their own questions", async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => query(`select ${number} as number, pg_sleep(0.01)`)));
    assert.deepEqual(
      answers.map((rows) => (rows as { number: number }[])[0]?.number),
      numbers,
    );
  });

  await t.test("each worker has a backend of its own", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => Client.open(port)));
    for (const client of clients) client.send("select pg_backend_pid()\n");
    await Promise.all(clients.map((client) => client.receives("\n")));
    assert.equal(new Set(clients.map(({ received }) => received)).size, 5);
    for (const client of clients) client.close();
  });

  await t.test("rows by the hundred thousand", async () => {
    const rows = (await query("select n, repeat('x', 10) from generate_series(1, 100000) n")) as object[];
    assert.equal(rows.length, 100_000);
  });

  await t.test("a worker's backends leave with it", async () => {
    const count = "select count(*)::int from pg_stat_activity where backend_type = 'client backend'";
    await waitFor("one backend, that of the worker which asks", async () => {
      const [row] = (await query(count)) as { count: number }[];
      return row?.count === 1;
    });
  });
});
