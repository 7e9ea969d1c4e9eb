import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Settings } from "../../dist/config/settings.js";
import { State } from "../../dist/scoreboard/states.js";
import { Spares } from "../../dist/zygote/spares.js";
import { openScoreboard } from "../scoreboard/scoreboard.ts";

const slotCount = 5;

/** What may become of the worker in a slot between two rounds; of a free slot, another worker. */
const anyRound = fc.array(
  fc.record({ slot: fc.nat({ max: slotCount - 1 }), becomes: fc.constantFrom("busy", "idle", "gone") }),
);

for (const connectionsPerWorker of [1, 100]) {
  const title = connectionsPerWorker > 1 ? "also those that were busy before" : "each of which is new";
  void test(`idle workers are counted, ${title}`, (t) => {
    fc.assert(
      fc.property(fc.array(anyRound), (rounds) => {
        const pool = openPool(t, connectionsPerWorker);
        for (const round of rounds) {
          for (const { slot, becomes } of round) pool.change(slot, becomes);
          assert.equal(pool.spares.count(), pool.idle());
          pool.breed();
          assert.equal(pool.spares.count(), pool.idle());
        }
      }),
      { numRuns: 200 },
    );
  });
}

function openPool(t: TestContext, connectionsPerWorker: number) {
  const { registry, slots, write } = openScoreboard(t, slotCount);
  const settings = { maxConnections: slotCount, connectionsPerWorker } as Settings;
  const spares = new Spares(slots, registry, settings);
  const states = new Map<number, number>();
  return {
    spares,
    idle: () => [...states.values()].filter((state) => state === State.idle || state === State.starting).length,
    change(slot: number, becomes: "busy" | "idle" | "gone"): void {
      if (!states.has(slot)) return;
      if (becomes === "gone") {
        states.delete(slot);
        registry.clear(slot);
      } else if (becomes === "busy" || states.get(slot) !== State.busy || connectionsPerWorker > 1) {
        states.set(slot, State[becomes]);
        write(slot, { state: State[becomes] });
      }
    },
    breed(): void {
      const slot = registry.findFree();
      if (slot < 0) return;
      slots.take(slot, 1);
      registry.take(slot, 1);
      registry.enter(slot, 100 + slot);
      spares.add(slot);
      states.set(slot, State.starting);
    },
  };
}
