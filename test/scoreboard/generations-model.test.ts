import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openScoreboard } from "./scoreboard.ts";

const most = 6;

/** What can happen: a zygote comes that is allowed so many workers, breeds one if there is room, and one of all ends. */
const operation = fc.oneof(
  fc.record({ what: fc.constant("zygote" as const), number: fc.integer({ min: 1, max: most }) }),
  fc.record({ what: fc.constant("breed" as const), number: fc.constant(0) }),
  fc.record({ what: fc.constant("end" as const), number: fc.nat(most - 1) }),
);

void test("whatever zygotes are allowed, one after another: none breeds more than it is, and each worker is found", (t) => {
  const { registry, supervisors } = openScoreboard(t, 1);
  let pids = 100;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      for (let slot = 0; slot < most; slot++) registry.clear(slot);
      const workers = new Map<number, { pid: number; generation: number }>();
      let allowed = 1;
      let generation = 1;
      for (const { what, number } of operations) {
        if (what === "zygote") {
          allowed = number;
          generation++;
          registry.provide(allowed);
        } else if (what === "end") {
          supervisors.clear(number);
          workers.delete(number);
        } else if (registry.room(allowed) > 0) {
          const slot = registry.findFree();
          assert.ok(slot < allowed, "it is one of its own");
          assert.ok(!workers.has(slot), "nobody is in it");
          registry.take(slot, generation);
          registry.enter(slot, ++pids);
          workers.set(slot, { pid: pids, generation });
          assert.ok(workers.size <= allowed, "of all generations together");
        }
        assert.equal(registry.room(allowed), allowed - workers.size);
        for (const [slot, worker] of workers) {
          assert.equal(supervisors.find(worker.pid), slot);
          assert.equal(supervisors.generation(slot), worker.generation);
          assert.ok(slot < supervisors.count);
        }
      }
    }),
    { numRuns: 300 },
  );
});
