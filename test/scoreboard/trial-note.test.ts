import assert from "node:assert/strict";
import { test } from "node:test";
import { native } from "../../dist/native.js";
import { slotForTrials } from "../../dist/scoreboard/capacity.js";
import { Slots } from "../../dist/scoreboard/slots.js";
import { readTrialNote, TrialNote, wipeTrialNote } from "../../dist/scoreboard/trial-note.js";

void test("what a worker on trial notes its zygote reads, until it is wiped out", (t) => {
  const memfd = Slots.create();
  t.after(() => native.close(memfd));
  const mine = new TrialNote(native.mapSlot(memfd, slotForTrials) as ArrayBuffer);
  assert.deepEqual(read(memfd), [false, undefined]);
  mine.markReady();
  assert.deepEqual(read(memfd), [true, undefined]);
  mine.fail("Error: näh");
  assert.deepEqual(read(memfd), [false, "Error: näh"]);
  wipeTrialNote(memfd);
  assert.deepEqual(read(memfd), [false, undefined]);
});

void test("of a long text as much is noted as there is room for, and nothing of the slot is overwritten", () => {
  const page = new ArrayBuffer(native.pageSize);
  const note = new TrialNote(page);
  note.fail("é".repeat(5000));
  assert.match(note.failure ?? "", /^é{1700,}$/);
  const slot = new Uint8Array(page, 0, native.slotLayout.peer + 128);
  assert.ok(slot.every((byte) => byte === 0));
});

function read(memfd: number): [boolean, string | undefined] {
  const { isReady, failure } = readTrialNote(memfd);
  return [isReady, failure];
}
