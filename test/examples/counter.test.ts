import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../docs/pages.ts";
import { exchange } from "../support/client.ts";
import { TestDaemon } from "../support/daemon.ts";
import { redisIsMissing, startRedis } from "../support/redis.ts";

void test("counters outlive connections, processes and the daemon", { skip: redisIsMissing }, async (t) => {
  process.env["REDIS_URL"] = await startRedis(t);
  t.after(() => delete process.env["REDIS_URL"]);
  const example = join(root, "examples", "counter.ts");
  const first = await TestDaemon.start(t, example);
  assert.equal(await exchange(first.port, "tea\r\ncoffee\r\ntea\r\n"), "tea 1\r\ncoffee 1\r\ntea 2\r\n");

  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(first.port, "tea\n")));
  const counts = answers.map((answer) => Number(answer.split(" ")[1])).toSorted((one, other) => one - other);
  assert.deepEqual(
    counts,
    Array.from({ length: 50 }, (_, index) => index + 3),
  );

  first.signal("SIGTERM");
  assert.equal(await first.ended(), 0);
  const second = await TestDaemon.start(t, example);
  assert.equal(await exchange(second.port, "tea\n"), "tea 53\r\n");
});
