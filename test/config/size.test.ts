import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatSize, parseSize } from "../../dist/config/size.js";
import { ForkdError } from "../../dist/errors.js";

for (const [text, bytes] of [
  ["0B", 0],
  ["1B", 1],
  ["512KiB", 524_288],
  ["1.5MiB", 1_572_864],
  ["64MiB", 67_108_864],
  ["2GiB", 2_147_483_648],
  ["1TiB", 1_099_511_627_776],
  ["off", -1],
] as const) {
  test(`${text} is ${bytes}`, () => assert.equal(parseSize(text), bytes));
}

for (const [text, hint] of [
  ["", ""],
  ["64", 'A number needs its unit, such as "64MiB" or "64KiB".'],
  ["64MB", "The units are B, KiB, MiB, GiB and TiB."],
  ["64m", "The units are B, KiB, MiB, GiB and TiB."],
  ["64 MiB", "The units are B, KiB, MiB, GiB and TiB."],
  ["1.5B", "It must be a whole number of bytes, below 8 PiB."],
  ["9999999TiB", "It must be a whole number of bytes, below 8 PiB."],
  ["-1MiB", ""],
  ["much", ""],
] as const) {
  test(`${JSON.stringify(text)} is refused`, () => {
    const rule = 'A size must be a size such as "512KiB", "64MiB" or "1GiB", or "off"';
    const sentence = `${rule}; received ${JSON.stringify(text)}.`;
    const message = hint === "" ? sentence : `${sentence} ${hint}`;
    assert.throws(() => parseSize(text), { code: "FORKD_E_OPTION", message });
  });
}

test("what is formatted is understood again", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => assert.equal(parseSize(formatSize(bytes)), bytes)));
  assert.equal(formatSize(-1), "off");
  assert.equal(formatSize(3 * 2 ** 20), "3MiB");
});

test("any text is a whole number of bytes, or refused", () => {
  const almost = fc.stringMatching(/^[0-9]{1,12}(\.[0-9]{1,5})?(B|KiB|MiB|GiB|TiB|MB|)$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), almost), (text) => {
      try {
        const bytes = parseSize(text);
        assert.ok(Number.isSafeInteger(bytes) && bytes >= -1);
        assert.equal(parseSize(formatSize(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof ForkdError && error.code === "FORKD_E_OPTION", String(error));
        assert.match(error.message, /^A size must be .+; received /s);
      }
    }),
  );
});
