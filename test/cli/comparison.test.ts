import assert from "node:assert/strict";
import { test } from "node:test";
import { parseComparison } from "../../dist/cli/comparison.js";

void test("each comparison holds where it should", () => {
  const table: Readonly<Record<string, readonly number[]>> = {
    "2": [2],
    "==2": [2],
    ">=2": [2, 3],
    "<=2": [1, 2],
    ">2": [3],
    "<2": [1],
    " >= 2 ": [2, 3],
  };
  for (const [text, expected] of Object.entries(table)) {
    const { holds } = parseComparison(text);
    assert.deepEqual([1, 2, 3].filter(holds), expected, text);
  }
});

void test("what is none is refused", () => {
  for (const text of ["", "x", "=>2", "-1", "2.5", ">=", "=2", "1e9", "1234567890"]) {
    assert.throws(() => parseComparison(text), { code: "FORKD_E_USAGE", message: /received / }, text);
  }
});
