import assert from "node:assert/strict";
import { test } from "node:test";
import { RespawnDelay } from "../../dist/supervisor/respawn-delay.js";

/** The delays for zygotes that live so long, one after another. */
function delaysOf(...lives: readonly number[]): number[] {
  const delay = new RespawnDelay();
  let now = 1_000_000;
  return lives.map((life) => {
    delay.started(now);
    now += life;
    const next = delay.next(now);
    now += next;
    return next;
  });
}

void test("the first death costs nothing", () => {
  assert.deepEqual(delaysOf(0), [0]);
  assert.deepEqual(delaysOf(3_600_000), [0]);
});

void test("deaths in quick succession cost more and more, up to five seconds", () => {
  assert.deepEqual(delaysOf(0, 1, 10, 100, 1000, 0, 4999, 0, 0), [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

void test("one that has lived for five seconds counts as healthy", () => {
  assert.deepEqual(delaysOf(0, 0, 0, 5000, 0, 0), [0, 100, 200, 0, 100, 200]);
});
