import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { readRecord } from "../../dist/log/read-record.js";
import { formatRecord } from "../../dist/log/record.js";

const time = "2026-11-25T09:19:44.164Z";
const record = { level: "warn", time, role: "worker", pid: 7, generation: 1, msg: "said" };
const line = (changes: object): string => JSON.stringify({ ...record, ...changes });

void suite("a line of the log's pipe", () => {
  void test("is a record if it is made as records are, whatever fields it has", () => {
    const identity = fc.record({ role: fc.constantFrom("zygote", "worker"), pid: fc.nat() });
    const level = fc.constantFrom("debug", "info", "warn", "error");
    fc.assert(
      fc.property(level, identity, fc.string(), fc.object(), (itsLevel, itsIdentity, msg, fields) => {
        const read = readRecord(formatRecord(itsLevel, itsIdentity, msg, fields));
        assert.deepEqual([read?.level, read?.msg], [itsLevel, msg]);
      }),
    );
  });

  for (const [what, changes] of Object.entries({
    "a level that there is not": { level: "fatal" },
    "a level that is a property of all objects": { level: "constructor" },
    "a level that is a number": { level: 50 },
    "no level": { level: undefined },
    "no message": { msg: undefined },
    "a message that is no text": { msg: { toString: "me" } },
    "a time that is none": { time: "2026-13-45T99:99:99.999Z" },
    "a time that is a number": { time: 1e308 },
    "another notation of the time": { time: "yesterday" },
    "the supervisor's role": { role: "supervisor" },
    "no role": { role: undefined },
    "a pid that is none": { pid: "7" },
  })) {
    void test(`is none with ${what}`, () => assert.equal(readRecord(line(changes)), undefined));
  }

  for (const text of [
    '{"level":',
    '{"level":"error"',
    '{"level":"error"}',
    '{"level":"error","__proto__":{"time":"2026-11-25T09:19:44.164Z","msg":"x","role":"worker","pid":1}}',
    '{"level":"error","time":"2026-11-25T09:19:44.164Z","role":"worker","pid":1e999,"msg":"x"}',
    `{"level":${"[".repeat(200_000)}`,
    `{"level":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
    `{"level":"error"} and more`,
  ]) {
    void test(`is none: ${text.slice(0, 60)}`, () => assert.equal(readRecord(text), undefined));
  }

  void test("never makes reading it fail", () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(record)));
    const keys = fc.constantFrom(...Object.keys(record), "__proto__", "constructor", "toString");
    const object = fc.dictionary(keys, value).map((fields) => `{"level":${JSON.stringify(fields).slice(1)}`);
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), object), (text) => void readRecord(`{"level":${text}`)));
    fc.assert(fc.property(object, (text) => void readRecord(text)));
  });
});
