import assert from "node:assert/strict";
import { fstatSync } from "node:fs";
import { test } from "node:test";
import { native } from "../../dist/native.js";
import { mostConnections } from "../../dist/scoreboard/capacity.js";
import { Registry } from "../../dist/scoreboard/registry.js";

const count = 3;

void test("what one process enters another finds, and nobody else's slot changes", (t) => {
  const [writer, reader] = openTwice(t);
  writer.take(1, 7);
  assert.equal(reader.pid(1), Registry.unborn);
  writer.enter(1, 4321);
  assert.deepEqual(
    [0, 1, 2].map((slot) => reader.pid(slot)),
    [0, 4321, 0],
  );
  assert.equal(reader.generation(1), 7);
  assert.equal(reader.find(4321), 1);
  assert.equal(reader.findFree(), 0);
  assert.ok(reader.age(1) >= 0 && reader.age(1) < 60_000);
});

void test("a slot is free again once it is cleared, and its next worker is not condemned", (t) => {
  const [registry] = openTwice(t);
  registry.take(0, 1);
  registry.enter(0, 99);
  registry.condemn(0);
  assert.ok(registry.isCondemned(0));
  registry.clear(0);
  assert.ok(!registry.isTaken(0));
  registry.take(0, 1);
  registry.enter(0, 100);
  assert.ok(!registry.isCondemned(0));
});

void test("of what zygotes were allowed the most is looked at, in every process, and nothing beyond", (t) => {
  const [supervisors, zygotes] = openTwice(t);
  zygotes.provide(5);
  zygotes.take(4, 2);
  zygotes.enter(4, 77);
  zygotes.provide(2);
  assert.equal(supervisors.count, 5);
  assert.equal(supervisors.find(77), 4);
  assert.equal(supervisors.findFree(), 0);
});

void test("all that there may ever be have a place, and take up no memory before they are there", (t) => {
  const memfd = Registry.create();
  t.after(() => native.close(memfd));
  const registry = new Registry(memfd);
  registry.provide(count);
  registry.take(2, 1);
  assert.ok(registry.find(5) < 0);
  assert.ok(fstatSync(memfd).blocks * 512 <= 3 * native.pageSize);
  registry.provide(mostConnections);
  registry.take(mostConnections - 1, 1);
  assert.equal(registry.find(Registry.unborn), 2);
  registry.clear(2);
  assert.equal(registry.find(Registry.unborn), mostConnections - 1);
});

void test("workers beyond what a zygote is allowed leave it the less room", (t) => {
  const [registry] = openTwice(t);
  registry.take(2, 1);
  assert.deepEqual([registry.room(3), registry.room(2), registry.room(1)], [2, 1, 0]);
  registry.take(1, 1);
  assert.equal(registry.room(1), -1);
});

void test("there is no free slot when all are taken, born or not", (t) => {
  const [registry] = openTwice(t);
  for (let slot = 0; slot < count; slot++) registry.take(slot, 1);
  assert.ok(registry.findFree() < 0);
  assert.ok(registry.find(5) < 0);
});

void test("the orders lie apart from who is in which slot", (t) => {
  const [supervisors, zygotes] = openTwice(t);
  supervisors.orders.announceCommand();
  supervisors.orders.askForHeartbeat();
  assert.equal(zygotes.orders.commands, 1);
  assert.ok(!supervisors.orders.heartbeatIsAnswered);
  zygotes.orders.answerHeartbeat();
  assert.ok(supervisors.orders.heartbeatIsAnswered);
  supervisors.orders.forgetCommands();
  assert.equal(zygotes.orders.commands, 0);
  assert.ok([0, 1, 2].every((slot) => !zygotes.isTaken(slot)));
});

function openTwice(t: { after: (cleanUp: () => void) => void }): [Registry, Registry] {
  native.mapHeader(openScoreboardFor(t)); // its bell is rung
  const memfd = Registry.create();
  t.after(() => native.close(memfd));
  const [one, other] = [new Registry(memfd), new Registry(memfd)];
  one.provide(count);
  return [one, other];
}

function openScoreboardFor(t: { after: (cleanUp: () => void) => void }): number {
  const memfd = native.createScoreboard(1);
  t.after(() => native.close(memfd));
  return memfd;
}
