import assert from "node:assert/strict";
import { test } from "node:test";
import { engine } from "../support/engine.ts";
import { descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, many, type Attempt } from "./conversation.ts";
import { Reloadable } from "./reloadable.ts";

/** A spawned worker takes its time to start. */
const reloads = engine === "spawn" ? 10 : 50;
const spares = 4;
const limits = ["--spare-workers", `${spares}`, "--max-connections", "60"];
const flags = [...limits, "--idle-timeout", "off", "--drain-timeout", "1h", "--log-level", "debug"];

/** What the supervisor's memory varies by, in bytes, without anything being kept. */
const leeway = 24 * 1024 * 1024;

for (const style of ["reloadable", "reloadable-blocking"] as const) {
  void test(`${reloads} reloads under load: nobody is refused, cut or answered by old code, ${style}`, async (t) => {
    const { daemon, folder, admin } = await Reloadable.startWith(t, {}, style, ...flags);
    let serving = 0;
    let next = 0;
    const over = new AbortController();
    const attempts: (Attempt & { readonly least: number; readonly most: number })[] = [];
    const load = many(3, 3, async () => {
      while (!over.signal.aborted) {
        const least = serving;
        attempts.push({ ...(await attempt(daemon.port, "version\n")), least, most: next });
      }
    });
    const before = await measure();
    for (next = 1; next <= reloads; next++) {
      const { client, pid } = await converse(daemon.port);
      folder.write("version", `${next}`);
      assert.deepEqual(await admin.reload(), { generation: next + 1 });
      serving = next;
      client.send("pid\n");
      await client.receives(`${pid}\n${pid}\n`);
      client.finish();
      assert.equal(await client.rest(), `${pid}\n${pid}\n`);
      assert.equal(client.ended, "end");
    }
    over.abort();
    await load;
    for (const { received, failure, least, most } of attempts) {
      assert.equal(failure, undefined);
      assert.match(received, /^\d+\n$/);
      assert.ok(Number(received) >= least, `served by version ${received}, though ${least} was in force`);
      assert.ok(Number(received) <= most);
    }
    assert.ok(attempts.length > reloads);
    await waitFor("as many descriptors as before", () => descriptorsOf(daemon.pid).size <= before.descriptors);
    const { memory } = await measure();
    assert.ok(memory < before.memory + leeway, `${before.memory} bytes have become ${memory}`);

    async function measure(): Promise<{ readonly memory: number; readonly descriptors: number }> {
      const { memory: resident } = await admin.status();
      return { memory: resident.supervisorBytes, descriptors: descriptorsOf(daemon.pid).size };
    }
  });
}

void test("connections under way hear of a reload, and finish on the code they began with", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  const { client } = await converse(daemon.port);
  client.send("wait\n");
  await client.receives("waiting\n");
  folder.write("version", "1");
  await reloadable.reload();
  await client.receives("FORKD_E_DRAINING of 0\n");
  assert.equal(await reloadable.ask("version"), "1");
  client.send("version\n");
  await client.receives("FORKD_E_DRAINING of 0\n0\n");
  client.finish();
  await client.rest();
  await reloadable.waitForPeace(spares);
});

void test("connections that do not finish are ended after drainTimeout, and others are not", async (t) => {
  const reloadable = await Reloadable.start(t, ...limits, "--drain-timeout", "500ms");
  const { client } = await converse(reloadable.daemon.port);
  const generation = await reloadable.reload();
  const fresh = await converse(reloadable.daemon.port);
  await client.rest();
  await reloadable.daemon.waitForEnd("drain timeout");
  fresh.client.send("id\n");
  await fresh.client.receives(`\n${generation}.`);
  fresh.client.close();
});

void test("a worker that would serve others leaves after its present connection", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags, "--connections-per-worker", "100");
  const { daemon, folder } = reloadable;
  for (let round = 1; round <= 3; round++) {
    const busy = await Promise.all(Array.from({ length: 12 }, () => converse(daemon.port)));
    folder.write("version", `${round}`);
    await reloadable.reload();
    for (const { client } of busy) client.finish();
    await many(40, 8, async () => assert.equal(await reloadable.ask("version"), `${round}`));
    await Promise.all(busy.map(({ client }) => client.rest()));
    await waitFor("the old workers to be gone", () => busy.every(({ pid }) => !daemon.processes.includes(pid)));
  }
});

void test("a worker that takes the signal of leaving for itself is killed after drainTimeout", async (t) => {
  const reuse = ["--connections-per-worker", "100", "--drain-timeout", "1s"];
  const reloadable = await Reloadable.start(t, ...limits, ...reuse);
  const { client, pid } = await converse(reloadable.daemon.port);
  client.send("takeSignals\n");
  await client.receives("\n1\n");
  assert.equal(await reloadable.reload(), 2);
  await client.rest();
  const { pid: killed } = await reloadable.daemon.waitForLog("its end", ({ msg }) => msg.endsWith("and is killed"));
  assert.equal(killed, pid);
});
