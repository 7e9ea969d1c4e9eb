import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { levels } from "../../dist/log/levels.js";
import { createLog, formatRecord, type Fields } from "../../dist/log/record.js";

const identity = { role: "worker", pid: 42, generation: 3 };

function record(fields: Fields, message = "words"): Record<string, unknown> {
  const line = formatRecord("warn", identity, message, fields);
  assert.ok(!line.includes("\n"), "a record is one line");
  assert.ok(line.startsWith('{"level":"warn",'), "which the supervisor knows it by");
  return JSON.parse(line) as Record<string, unknown>;
}

void test("a record says what, when, who, and what else is known", () => {
  const { time, ...rest } = record({ answer: 42, deep: { list: [1, "two"] } });
  assert.deepEqual(rest, { level: "warn", ...identity, answer: 42, deep: { list: [1, "two"] }, msg: "words" });
  assert.ok(Math.abs(Date.now() - Date.parse(String(time))) < 60_000);
});

void suite("odd values", () => {
  void test("a BigInt is told in figures", () => {
    assert.equal(record({ big: 2n ** 64n })["big"], "18446744073709551616");
  });

  void test("what JSON has no word for is left out", () => {
    const { time: _time, ...rest } = record({ nothing: undefined, call: () => 1, symbol: Symbol("x") });
    assert.deepEqual(rest, { level: "warn", ...identity, msg: "words" });
    assert.equal(record({ nan: Number.NaN })["nan"], null);
  });

  void test("what cannot be printed does not keep the message from being", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const angry = {
      toJSON(): never {
        throw new Error("not me");
      },
    };
    for (const [value, says] of [
      [circle, /circular/],
      [angry, /not me/],
    ] as const) {
      const { unprintable, ...rest } = record({ value });
      assert.match(String(unprintable), says);
      assert.equal(rest["msg"], "words");
      assert.equal(rest["pid"], 42);
      assert.match(String(rest["time"]), /^\d{4}-.*Z$/);
    }
  });

  void test("nor does a property that throws when it is read, or an error without a text", () => {
    const thorny = {
      get value(): never {
        throw new Error("do not read me");
      },
    };
    for (const fields of [thorny, { err: Object.create(null) as unknown }, { err: Symbol("failure") }]) {
      assert.equal(record(fields)["msg"], "words");
    }
  });

  void test("any message and any fields make one line of JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.dictionary(fc.string(), fc.anything()), (message, fields) => {
        assert.equal(record({ ...fields, err: undefined }, message)["msg"], JSON.parse(JSON.stringify(message)));
      }),
    );
  });

  void test("fields cannot pretend to be somebody else", () => {
    const { level, pid, msg } = record({ level: "info", pid: 1, msg: "other" });
    assert.deepEqual({ level, pid, msg }, { level: "warn", pid: 42, msg: "words" });
  });
});

void suite("errors", () => {
  void test("are told with type, message, code, stack and cause", () => {
    const cause = new TypeError("deep down");
    const error = Object.assign(new RangeError("too far", { cause }), { code: "E_FAR" });
    assert.deepEqual(record({ err: error })["err"], {
      type: "RangeError",
      message: "too far",
      code: "E_FAR",
      stack: error.stack,
      cause: cause.stack,
    });
  });

  void test("without code or cause have none", () => {
    const error = new Error("plain");
    assert.deepEqual(record({ err: error })["err"], { type: "Error", message: "plain", stack: error.stack });
  });

  void test("that are none are told as what they are", () => {
    assert.deepEqual(record({ err: "a fit" })["err"], { type: "string", message: "a fit" });
    assert.deepEqual(record({ err: null })["err"], { type: "object", message: "null" });
  });
});

void test("a log writes what is at its threshold or above", () => {
  for (const [index, threshold] of levels.entries()) {
    const written: string[] = [];
    const log = createLog(
      () => threshold,
      () => identity,
      (line) => written.push((JSON.parse(line) as { level: string }).level),
    );
    for (const level of levels) log[level]("words");
    assert.deepEqual(written, levels.slice(index));
  }
});

void test("an error where fields belong is taken for the error", () => {
  const { err } = record(new Error("lost") as unknown as Fields) as { err: { message: string } };
  assert.equal(err.message, "lost");
});
