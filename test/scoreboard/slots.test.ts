import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { native } from "../../dist/native.js";
import { Header } from "../../dist/scoreboard/header.js";
import { connectionId, Slots } from "../../dist/scoreboard/slots.js";
import { outcomeNumber, outcomes, State } from "../../dist/scoreboard/states.js";
import { openScoreboard } from "./scoreboard.ts";

const slotsModule = new URL("../../dist/scoreboard/slots.js", import.meta.url).href;

void test("a slot is free until it is taken, and has nothing of who was in it before", (t) => {
  const { slots, write } = openScoreboard(t, 3);
  write(1, { pid: 42, outcome: 4, reported: 1, idle_deadline: 5 });
  assert.equal(slots.deadline(1), 5);
  slots.take(1, 1);
  assert.deepEqual(
    [0, 1, 2].map((slot) => slots.state(slot) === State.free),
    [true, false, true],
  );
  assert.equal(slots.state(1), State.starting);
  assert.equal(slots.pid(1), 0);
  assert.deepEqual([slots.outcome(1), slots.reported(1), slots.deadline(1)], [0, false, Infinity]);
});

void test("what one process writes into its slot, others read, and find in no other", (t) => {
  const { memfd, slots, write } = openScoreboard(t, 2);
  write(1, { pid: 42, state: State.busy, generation: 3, fork_number: 7, served: 2, outcome: 4, peer: "[::1]:80" });
  const others = new Slots(memfd, 2);
  assert.equal(others.pid(1), 42);
  assert.equal(others.state(1), State.busy);
  assert.equal(others.outcome(1), 4);
  assert.equal(others.served(1), 2);
  assert.equal(others.peer(1), "[::1]:80");
  assert.equal(others.connectionId(1), "3.7.2");
  assert.equal(others.reported(1), false);
  assert.equal(others.state(0), State.free);
  assert.equal(slots.pid(0), 0);
});

void test("slots do not share pages with each other or with the header", (t) => {
  const { memfd, slots, write } = openScoreboard(t, 2);
  const header = new Header(memfd);
  header.beginGeneration(5, 8);
  write(0, { pid: 1 });
  write(1, { pid: 2 });
  assert.deepEqual([slots.pid(0), slots.pid(1)], [1, 2]);
  assert.equal(slots.generation(0), 0);
  assert.equal(header.idle, 0);
});

void test("where files may not be as large as the scoreboard, that is said in a sentence", () => {
  const program = `import { Slots } from "${slotsModule}"; Slots.create();`;
  const { stderr } = spawnSync("prlimit", ["--fsize=1000000", process.execPath, "--input-type=module", "-e", program]);
  assert.match(stderr.toString(), /^.*ForkdError: .* RLIMIT_FSIZE, must be 400008KiB or more.* Raise it \(ulimit -f/m);
});

void test("only idle workers of the generation in charge are counted out", (t) => {
  const { memfd } = openScoreboard(t, 1);
  const header = new Header(memfd);
  header.beginGeneration(2, 4);
  header.uncountIdle(1);
  assert.equal(header.idle, 0);
  header.uncountIdle(2);
  assert.equal(header.idle, -1);
  header.beginGeneration(3, 4);
  assert.equal(header.idle, 0, "a new generation begins with none");
});

void test("dropped records are counted, and taken once", (t) => {
  const { memfd } = openScoreboard(t, 1);
  const [writer, reader] = [new Header(memfd), new Header(memfd)];
  writer.noteDroppedRecord();
  writer.noteDroppedRecord();
  assert.equal(reader.takeDroppedRecords(), 2);
  assert.equal(reader.takeDroppedRecords(), 0);
});

void test("a connection's name says which zygote, which fork, which connection", () => {
  assert.equal(connectionId(1, 20, 300), "1.20.300");
});

void test("the number of an outcome is its place in the list", () => {
  assert.deepEqual(
    outcomes.map((outcome) => outcomeNumber(outcome)),
    outcomes.map((_outcome, index) => index),
  );
  assert.equal(outcomeNumber("none"), 0);
  const { ended } = native.headerLayout;
  assert.ok(ended + outcomes.length * 8 <= native.pageSize);
});
