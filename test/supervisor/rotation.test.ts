import assert from "node:assert/strict";
import { test } from "node:test";
import { Rotation } from "../../dist/supervisor/rotation.js";
import { waitFor } from "../support/wait-for.ts";

void test("a rotation that nobody had time for is due again, of the same generation", async () => {
  const due: number[] = [];
  const rotation = new Rotation(1, (generation) => due.push(generation));
  rotation.workerCrashed(3);
  await waitFor("it to be due", () => due.length === 1);
  rotation.resume();
  await waitFor("it to be due again", () => due.length === 2);
  assert.deepEqual(due, [3, 3]);
});

void test("without a crash there is nothing to resume, and none is ever due when rotation is off", async () => {
  const due: number[] = [];
  const on = new Rotation(1, (generation) => due.push(generation));
  const off = new Rotation(0, (generation) => due.push(generation));
  on.resume();
  off.workerCrashed(3);
  off.resume();
  on.workerCrashed(4);
  await waitFor("the one that is due", () => due.length === 1);
  assert.deepEqual(due, [4]);
});
