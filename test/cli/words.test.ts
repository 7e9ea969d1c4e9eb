import assert from "node:assert/strict";
import { test } from "node:test";
import { count, duration, size, table } from "../../dist/cli/words.js";

void test("a duration is told in its two largest units", () => {
  const second = 1000;
  const [minute, hour, day] = [60 * second, 3600 * second, 86_400 * second];
  const durations: readonly [number, string][] = [
    [0, "0ms"],
    [0.4, "0ms"],
    [340, "340ms"],
    [999.9, "1s"],
    [second, "1s"],
    [12 * second + 999, "12s"],
    [minute - 1, "59s"],
    [minute, "1min"],
    [minute + second, "1min 1s"],
    [hour + 59 * second, "1h"],
    [hour + 2 * minute + 3 * second, "1h 2min"],
    [3 * day + 4 * hour + 5 * minute, "3d 4h"],
    [400 * day, "400d"],
  ];
  for (const [ms, words] of durations) assert.equal(duration(ms), words, `${ms}`);
});

void test("a size is told in its largest unit", () => {
  const sizes: readonly [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [64 * 1024 ** 2, "64 MiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ];
  for (const [bytes, words] of sizes) assert.equal(size(bytes), words, `${bytes}`);
});

void test("columns are as wide as what is in them", () => {
  assert.equal(
    table([
      ["A", "BB", "C"],
      ["aaa", "b", ""],
      ["", "", "c"],
    ]),
    "A    BB  C\naaa  b\n         c",
  );
  assert.equal(table([]), "");
});

void test("one thing is one, others are many", () => {
  assert.deepEqual(
    [0, 1, 2].map((number) => count(number, "time")),
    ["0 times", "1 time", "2 times"],
  );
});
