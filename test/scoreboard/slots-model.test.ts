import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLog } from "../../dist/log/record.js";
import { EndedWorker, settleEndedWorker } from "../../dist/scoreboard/ended-worker.js";
import { Header } from "../../dist/scoreboard/header.js";
import { State } from "../../dist/scoreboard/states.js";
import { openScoreboard, usualSettings as settings } from "./scoreboard.ts";

const count = 4;

/** What can happen to a slot: it is taken, its worker says who it is, becomes idle or busy, and ends. */
const operation = fc.record({
  what: fc.constantFrom("take", "born", "idle", "busy", "end", "free"),
  slot: fc.nat(count - 1),
  generation: fc.integer({ min: 1, max: 3 }),
});

interface ModelSlot {
  state: number;
  pid: number;
  generation: number;
}

void test("whatever happens to the slots, each says what happened to it last, and nothing of its neighbours", (t) => {
  const { memfd, registry, slots, write } = openScoreboard(t, count);
  const header = new Header(memfd);
  let pids = 100;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      header.beginGeneration(2, 4);
      const model: ModelSlot[] = Array.from({ length: count }, () => ({ state: State.free, pid: 0, generation: 0 }));
      for (let slot = 0; slot < count; slot++) registry.clear(slot);
      let uncounted = 0;
      let reported = 0;
      const log = createLog(
        () => "debug",
        () => ({}),
        () => reported++,
      );
      for (const { what, slot, generation } of operations) {
        const mine = model[slot] as ModelSlot;
        const lives = mine.pid > 0;
        if (what === "take" && mine.state === State.free) {
          slots.take(slot, generation);
          registry.take(slot, generation);
          Object.assign(mine, { state: State.starting, pid: 0, generation });
        } else if (what === "born" && mine.state === State.starting && !lives) {
          write(slot, { pid: (mine.pid = ++pids), outcome: 0, reported: 0 });
          registry.enter(slot, mine.pid);
        } else if ((what === "idle" || what === "busy") && lives) {
          write(slot, { state: (mine.state = State[what]) });
        } else if (what === "end" && lives) {
          const ended = new EndedWorker();
          ended.words.set([mine.pid, -1, 9, 0, 0, 0]);
          const before = reported;
          settleEndedWorker(ended, slot, { registry, slots, header, settings, log });
          assert.equal(reported, before + 1, "each end is told once");
          if (mine.state !== State.busy && mine.generation === 2) uncounted++;
          Object.assign(mine, { state: State.free, pid: 0 });
        } else if (what === "free") {
          registry.clear(slot);
          Object.assign(mine, { state: State.free, pid: 0 });
        }
        assert.deepEqual(
          model.map((_slot, index) => registry.isTaken(index) && [slots.state(index), slots.pid(index)]),
          model.map(({ state, pid }) => state !== State.free && [state, pid]),
        );
        assert.equal(header.idle + uncounted, 0);
      }
    }),
    { numRuns: 300 },
  );
});
