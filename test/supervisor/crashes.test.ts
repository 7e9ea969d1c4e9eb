import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crashes } from "../../dist/supervisor/crashes.js";

/** The delays for zygotes that live so long, one after another. */
function delaysOf(...lives: readonly number[]): number[] {
  const crashes = new Crashes();
  let now = 1_000_000;
  return lives.map((life) => {
    crashes.zygoteStarted(now);
    now += life;
    const next = crashes.nextDelay(now);
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

void test("so many crashes within the time are too many, and no fewer", () => {
  const limit = { "restart.maxCrashes": 3, "restart.within": 100 };
  const crashes = new Crashes();
  assert.deepEqual(
    [0, 50, 100, 149, 200, 220, 240].map((now) => crashes.record(now, limit)),
    [false, false, false, true, false, true, true],
  );
});

void test("it is too many exactly when the last so many came within the time", () => {
  const gaps = fc.array(fc.nat(100), { minLength: 1 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 200 }),
      (pauses, maxCrashes, within) => {
        const crashes = new Crashes();
        const times: number[] = [];
        for (const pause of pauses) {
          const now = (times.at(-1) ?? 0) + pause;
          times.push(now);
          const first = times.at(-maxCrashes);
          const limit = { "restart.maxCrashes": maxCrashes, "restart.within": within };
          assert.equal(crashes.record(now, limit), first !== undefined && now - first < within);
        }
      },
    ),
  );
});
