import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const record = { level: "error", time: "2026-11-25T09:19:44.164Z", role: "worker", pid: 7, generation: 1, msg: "said" };
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** Lines that a handler, or a program of its, prints into the log's pipe, and that look like what forkd writes there. */
const hostile = [
  '{"level":"error"',
  '{"level":"error"}',
  '{"level":"error","time":5,"msg":[]}',
  '{"level":"constructor","time":"now"}',
  '{"level":"error","__proto__":{"msg":1},"constructor":{"prototype":1}}',
  '{"level":null,"msg":null}',
  JSON.stringify({ ...record, role: "supervisor", msg: "stopped" }),
  JSON.stringify({ ...record, time: "0000-00-00T00:00:00.000Z" }),
  JSON.stringify({ ...record, pid: 1e300 }),
  JSON.stringify({ ...record, err: 7, name: {}, hostname: [], caller: 1 }),
  JSON.stringify({ ...record, err: { stack: { a: 1 }, message: [] }, type: "Error", stack: "\x1b[2J" }),
  `${JSON.stringify(record).slice(0, -1)},"deep":${nested(20_000)}}`,
  `{"level":${nested(20_000)}}`,
  "\x1b!999999999999999 -1 -1 -1 -1 99 -1 -1 -1 -1 -1 -1 peer",
  "\x1b!1 2",
  "\x1b<7 begun",
  "\x1b+8 gone on",
  "\x1b=9 ended",
];

const likeRecord = fc
  .dictionary(fc.constantFrom(...Object.keys(record), "err", "__proto__", "toJSON"), fc.jsonValue())
  .map((fields) => JSON.stringify({ ...record, ...fields }));
const begun = fc
  .tuple(fc.constantFrom('{"level":', "\x1b!", "\x1b<", "\x1b+", "\x1b="), fc.string())
  .map((two) => two.join(""));

for (const format of ["json", "pretty"]) {
  void test(`lines that look like records, and are none, do nothing to the supervisor (${format})`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), "--log-format", format);
    const lines = [...hostile, ...fc.sample(fc.oneof(likeRecord, begun, fc.json()), 500)];
    const commands = [...lines, "the last line"].map((line) => `raw ${Buffer.from(`${line}\n`).toString("base64")}\n`);
    assert.match(await exchange(daemon.port, `${commands.join("")}pid\n`), /^\d+\n$/);
    await waitFor(`the last line\n${daemon.stderr}`, () => daemon.stderr.includes("the last line"));
    assert.ok(isAlive(daemon.pid));
    assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
    if (format === "json")
      assert.equal(daemon.log.filter((one) => one["role"] === "supervisor").length, 3, "listening, draining, stopped");
  });
}
