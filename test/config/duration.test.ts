import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatDuration, parseDuration } from "../../dist/config/duration.js";
import { ForkdError } from "../../dist/errors.js";

const longest = 2 ** 31 - 1;

for (const [text, ms] of [
  ["1ms", 1],
  ["500ms", 500],
  ["1.5s", 1500],
  ["4.35s", 4350],
  ["0.001s", 1],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["24d", 2_073_600_000],
  ["2147483647ms", longest],
] as const) {
  test(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}

test('"off" is 0 where it is allowed', () => {
  assert.equal(parseDuration("off", { off: true }), 0);
  assert.throws(() => parseDuration("off"), refusal(/^A duration must be .+; received "off"\.$/));
});

for (const [text, hint] of [
  ["", ""],
  ["10 parsecs", ""],
  ["10 s", ""],
  [" 10s", ""],
  ["10S", ""],
  ["-1s", ""],
  ["1e3s", ""],
  [".5s", ""],
  ["1.s", ""],
  ["10s10s", ""],
  ["10s\n", ""],
  ["30", ' A number needs its unit, such as "30s" or "30ms".'],
  ["0s", ' The shortest is "1ms".'],
  ["0.4ms", ' The shortest is "1ms".'],
  ["25d", ' The longest is "2147483647ms", about 24 days.'],
  ["2147483648ms", ' The longest is "2147483647ms", about 24 days.'],
  [`${"9".repeat(400)}s`, ' The longest is "2147483647ms", about 24 days.'],
] as const) {
  test(`${JSON.stringify(text.slice(0, 20))} is refused`, () => {
    const end = `.${hint}`;
    assert.throws(
      () => parseDuration(text),
      (error) => refusal(/^A duration must be /)(error) && ends(error, end),
    );
  });
}

test("what is formatted is parsed again", () => {
  const anyMs = fc.oneof(
    fc.integer({ min: 1, max: longest }),
    fc.integer({ min: 1, max: 24 }).map((days) => days * 86_400_000),
    fc.integer({ min: 1, max: 596 }).map((hours) => hours * 3_600_000),
  );
  fc.assert(fc.property(anyMs, (ms) => parseDuration(formatDuration(ms)) === ms));
  assert.equal(parseDuration(formatDuration(0), { off: true }), 0);
  assert.equal(formatDuration(5_400_000), "90m");
});

test("any text is a duration within the bounds or refused", () => {
  const almost = fc.stringMatching(/^[0-9]{1,12}(\.[0-9]{1,5})?(ms|s|m|h|d)$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), almost), (text) => {
      try {
        const ms = parseDuration(text);
        return Number.isInteger(ms) && ms >= 1 && ms <= longest;
      } catch (error) {
        return refusal(/^A duration must be /)(error);
      }
    }),
  );
});

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof ForkdError && error.code === "FORKD_E_OPTION" && pattern.test(error.message);
}

function ends(error: unknown, text: string): boolean {
  return error instanceof Error && error.message.endsWith(text);
}
