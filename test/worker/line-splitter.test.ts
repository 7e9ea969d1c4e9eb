import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter } from "../../dist/worker/line-splitter.js";
import { anyBytes, anyMaxLength, model } from "./line-model.ts";

function split(bytes: Uint8Array, cuts: readonly number[], maxLength?: number): string[] {
  const splitter = new LineSplitter(maxLength);
  const lines: string[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    lines.push(...feed(splitter, bytes.subarray(start, end)));
    start = end;
  }
  const last = splitter.last();
  return last === undefined ? lines : [...lines, last];
}

/** As a connection does with what it reads: as much as there is space for, and then the lines in it. */
function* feed(splitter: LineSplitter, bytes: Uint8Array): Generator<string> {
  for (let rest = bytes; rest.length > 0; ) {
    const space = splitter.space();
    assert.notEqual(space.length, 0);
    const part = rest.subarray(0, space.length);
    space.set(part);
    splitter.filled(part.length);
    rest = rest.subarray(part.length);
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) yield line;
  }
}

void test("splits as the model does, whatever the bytes are and however they are cut", () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat()), anyMaxLength, (bytes, cuts, maxLength) => {
      const { lines, isTooLong } = model(bytes, maxLength);
      if (isTooLong) assert.throws(() => split(bytes, cuts, maxLength), { code: "FORKD_E_LINE_TOO_LONG" });
      else assert.deepEqual(split(bytes, cuts, maxLength), lines);
    }),
    { numRuns: 2000 },
  );
});

void test("throws exactly when a line is longer than maxLength, however the bytes are cut", () => {
  const cases = fc.tuple(
    fc.array(fc.nat({ max: 40 }), { minLength: 1 }),
    fc.array(fc.nat()),
    fc.integer({ min: 1, max: 40 }),
  );
  fc.assert(
    fc.property(cases, ([lengths, cuts, maxLength]) => {
      const bytes = Buffer.from(lengths.map((length) => `${"x".repeat(length)}\r\n`).join(""));
      const isTooLong = lengths.some((length) => length > maxLength);
      if (isTooLong) assert.throws(() => split(bytes, cuts, maxLength), { code: "FORKD_E_LINE_TOO_LONG" });
      else assert.equal(split(bytes, cuts, maxLength).length, lengths.length);
    }),
    { numRuns: 1000 },
  );
});

void test("knows whether another whole line is at hand", () => {
  const splitter = new LineSplitter();
  const seen = Array.from(feed(splitter, Buffer.from("one\ntwo\nthr")), (line) => [line, splitter.hasNext]);
  assert.deepEqual(seen, [
    ["one", true],
    ["two", false],
  ]);
});

void test("reads lines as long as may be after short ones, from a buffer that has grown", () => {
  const lengths = fc.array(fc.constantFrom(1, 100, 4095, 65_535, 65_536), { minLength: 10, maxLength: 40 });
  fc.assert(
    fc.property(lengths, fc.array(fc.nat()), (each, cuts) => {
      const lines = each.map((length, index) => String(index % 10).repeat(length));
      assert.deepEqual(split(Buffer.from(lines.map((line) => `${line}\r\n`).join("")), cuts), lines);
    }),
    { numRuns: 50 },
  );
});

void test("keeps not much more of one line than the longest may have", () => {
  const splitter = new LineSplitter(100);
  assert.throws(
    () => {
      for (;;) assert.deepEqual([...feed(splitter, Buffer.of(120))], []);
    },
    { message: "The client sent a line of more than 100 bytes." },
  );
  assert.ok(splitter.space().length < 5000);
});

void test("refuses a maxLength that is no length", () => {
  for (const maxLength of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new LineSplitter(maxLength), { code: "FORKD_E_OPTION", message: /received/ });
  }
});
