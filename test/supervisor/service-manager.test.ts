import assert from "node:assert/strict";
import { test } from "node:test";
import type { Orders } from "../../dist/scoreboard/orders.js";
import { Heartbeat } from "../../dist/supervisor/heartbeat.js";
import { ServiceManager, findServiceManager, type ReadyService } from "../../dist/supervisor/service-manager.js";
import { Watchdog } from "../../dist/supervisor/watchdog.js";

const addresses = ["unix:/run/x"];
const ready = { addresses, logger: {}, heartbeat: { isAnswered: true } } as unknown as ReadyService;

/** A manager, and what it is told: a datagram a line. */
function managed(): { manager: ServiceManager; told: string[] } {
  const told: string[] = [];
  const socket = { onFailure: () => undefined, send: (parts: readonly string[]) => void told.push(parts.join(" ")) };
  return { manager: new ServiceManager(socket, "/notify", 0), told };
}

void test("a status is told when it changes, and not before the daemon is ready", () => {
  const { manager, told } = managed();
  manager.onState("serving");
  assert.deepEqual(told, []);
  manager.ready(ready);
  for (const state of ["renewing", "handingOver", "restarting", "serving"] as const) manager.onState(state);
  assert.deepEqual(told, [
    `READY=1 MAINPID=${process.pid} STATUS=listening on unix:/run/x`,
    "STATUS=listening on unix:/run/x; the zygote is being replaced",
    "STATUS=listening on unix:/run/x; waiting for another zygote",
    "STATUS=listening on unix:/run/x",
  ]);
});

void test("a reload is told, with the clock that the manager compares, and its end", () => {
  const { manager, told } = managed();
  manager.ready(ready);
  manager.reloading();
  manager.onState("renewing");
  manager.onState("serving");
  manager.reloaded(["unix:/run/y"]);
  const [, reloading, ...others] = told;
  assert.match(String(reloading), /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  assert.deepEqual(others, [
    "STATUS=listening on unix:/run/x; the zygote is being replaced",
    "STATUS=listening on unix:/run/x",
    "READY=1 STATUS=listening on unix:/run/y",
  ]);
});

void test("time is asked for as long as the daemon drains, and no longer", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { manager, told } = managed();
  manager.ready(ready);
  manager.onState("draining");
  t.mock.timers.tick(20_000);
  manager.onState("stopping");
  t.mock.timers.tick(60_000);
  assert.deepEqual(told.slice(1), [
    "STOPPING=1 STATUS=draining: connections under way may finish EXTEND_TIMEOUT_USEC=30000000",
    "EXTEND_TIMEOUT_USEC=30000000",
    "EXTEND_TIMEOUT_USEC=30000000",
    "STATUS=stopping: what is left is killed",
  ]);
});

void test("a restart, in the same process, is a reload to the manager, unless it comes to be a stop", () => {
  const { manager, told } = managed();
  manager.ready(ready);
  for (const state of ["draining", "stopped"] as const) manager.onState(state, true);
  manager.onState("draining", false);
  const [, reloading, stopping, ...others] = told;
  assert.match(String(reloading), /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  assert.match(String(stopping), /^STOPPING=1 STATUS=draining/);
  assert.deepEqual(others, []);
  manager.onState("stopped");
});

void test("a daemon that is ended before it was ready says that it stops", () => {
  const { manager, told } = managed();
  manager.onState("stopping");
  manager.onState("stopped");
  assert.deepEqual(told, ["STOPPING=1 STATUS=stopping: what is left is killed"]);
});

void test("without NOTIFY_SOCKET there is no manager", () => {
  for (const [NOTIFY_SOCKET, isThere] of [
    ["/run/notify", true],
    ["", false],
    [undefined, false],
  ] as const) {
    const variables = { NOTIFY_SOCKET, WATCHDOG_USEC: "1", WATCHDOG_PID: "1" };
    assert.equal(findServiceManager(variables, process.pid) !== undefined, isThere);
  }
});

void test("signs of life come at half the interval, only from the living, and again as soon as they live", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let [isAlive, pings] = [true, 0];
  new Watchdog(
    1000,
    () => isAlive,
    () => pings++,
  ).start();
  for (let halves = 0; halves < 4; halves++) t.mock.timers.tick(500);
  assert.equal(pings, 5);
  isAlive = false;
  for (let twentieths = 0; twentieths < 100; twentieths++) t.mock.timers.tick(50);
  assert.equal(pings, 5);
  isAlive = true;
  t.mock.timers.tick(50);
  assert.equal(pings, 6);
});

void test("nobody who does not want to see signs of life is sent any", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let pings = 0;
  new Watchdog(
    0,
    () => true,
    () => pings++,
  ).start();
  t.mock.timers.tick(60_000);
  assert.equal(pings, 0);
});

void test("a zygote that owes an answer is not taken for alive, until it answers or is gone", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const zygote = { heartbeatIsAnswered: true, askForHeartbeat: () => undefined, answerHeartbeat: () => undefined };
  const heartbeat = new Heartbeat(zygote as unknown as Orders, () => undefined);
  heartbeat.start(500);
  t.mock.timers.tick(100);
  assert.ok(heartbeat.isAnswered);
  zygote.heartbeatIsAnswered = false;
  t.mock.timers.tick(100);
  assert.ok(!heartbeat.isAnswered);
  zygote.heartbeatIsAnswered = true;
  t.mock.timers.tick(100);
  assert.ok(heartbeat.isAnswered);
  zygote.heartbeatIsAnswered = false;
  t.mock.timers.tick(100);
  heartbeat.stop();
  assert.ok(heartbeat.isAnswered);
});
