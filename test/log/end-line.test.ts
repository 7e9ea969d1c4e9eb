import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { recordOfEnd } from "../../dist/log/end-line.js";

const line = "\x1b!1700000000123 42 2 7 1 1 31 12 14 3 1 46512 192.0.2.17:40112";
const settings = { anonymizePeers: false };

test("a worker's bare numbers become the record of its connection's end", () => {
  assert.deepEqual(JSON.parse(recordOfEnd(line, settings) ?? ""), {
    level: "info",
    time: "2023-11-14T22:13:20.123Z",
    role: "worker",
    pid: 42,
    generation: 2,
    connection: "2.7.1",
    peer: "192.0.2.17:40112",
    reason: "completed",
    ms: 31,
    bytesIn: 12,
    bytesOut: 14,
    userMs: 3,
    systemMs: 1,
    maxRssKib: 46_512,
    msg: "connection ended: completed",
  });
  assert.match(recordOfEnd(line, { anonymizePeers: true }) ?? "", /"peer":"192\.0\.2\.0"/);
});

test("whatever else is printed is no such line, or a record all the same", () => {
  assert.equal(recordOfEnd("\x1b!hello", settings), undefined);
  assert.equal(recordOfEnd(line.replace("42", "nan"), settings), undefined);
  const number = fc.oneof(fc.integer(), fc.bigInt(), fc.double());
  const numbers = fc.array(number, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(numbers, fc.string({ unit: "binary" }), (given, peer) => {
      const record = recordOfEnd(`\x1b!${given.join(" ")} ${peer}`, settings);
      if (record !== undefined) assert.ok(record.startsWith('{"level":"info",') && JSON.parse(record) !== null);
    }),
  );
});
