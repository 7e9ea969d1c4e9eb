import assert from "node:assert/strict";
import { constants } from "node:os";
import { test, type TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { createLog, type Fields, type Log } from "../../dist/log/record.js";
import { EndedWorker, endLevels, settleEndedWorker } from "../../dist/scoreboard/ended-worker.js";
import { Header } from "../../dist/scoreboard/header.js";
import { outcomeNumber, outcomes, State } from "../../dist/scoreboard/states.js";
import type { LogRecord } from "../support/daemon.ts";
import { openScoreboard, type Written } from "./scoreboard.ts";

const { SIGALRM, SIGKILL, SIGABRT, SIGSEGV, SIGXCPU, SIGXFSZ } = constants.signals;
const settings = {
  "limits.cpu": 1000,
  "limits.fileSize": 10,
  startTimeout: 30_000,
  connectionLog: true,
  anonymizePeers: false,
};
const overstay = "its exit listeners took longer than drainTimeout";
const worker = { pid: 42, generation: 2, fork_number: 7, served: 1, peer: "127.0.0.1:5" };

/** How a worker ended, what its slot says, and what is to be logged and counted. */
const cases: readonly {
  what: string;
  slot: Written;
  status?: number;
  signal?: number;
  cpuMs?: number;
  idle?: number;
  isStopping?: boolean;
  logs?: { level: string; msg: string; reason?: string };
}[] = [
  { what: "idle, told to leave", slot: { state: State.idle }, status: 0, idle: -1 },
  { what: "dismissed", slot: { state: State.dismissed }, signal: SIGKILL, idle: -1 },
  {
    what: "starting, killed by the news that there is no zygote",
    slot: { state: State.starting, pid: 0 },
    signal: native.orphaned,
    idle: -1,
  },
  { what: "starting, without a zygote", slot: { state: State.starting, pid: 0 }, status: 0, idle: -1 },
  {
    what: "starting, of its own will",
    slot: { state: State.starting },
    status: 0,
    idle: -1,
    logs: { level: "warn", msg: "idle worker ended: exit 0", reason: "exit 0" },
  },
  { what: "idle, of an earlier generation", slot: { state: State.idle, generation: 1 }, status: 0 },
  {
    what: "idle, killed",
    slot: { state: State.idle },
    signal: SIGKILL,
    idle: -1,
    logs: { level: "warn", msg: "idle worker ended: killed by SIGKILL", reason: "killed by SIGKILL" },
  },
  {
    what: "starting, failed",
    slot: { state: State.starting },
    status: 1,
    idle: -1,
    logs: { level: "warn", msg: "idle worker ended: exit 1", reason: "exit 1" },
  },
  {
    what: "busy, killed",
    slot: { state: State.busy },
    signal: SIGABRT,
    logs: { level: "error", msg: "connection ended: killed by SIGABRT", reason: "killed by SIGABRT" },
  },
  {
    what: "busy, for too long",
    slot: { state: State.busy },
    signal: SIGXCPU,
    logs: { level: "error", msg: "connection ended: cpu limit", reason: "cpu limit" },
  },
  {
    what: "busy, for too long, with a listener for SIGXCPU",
    slot: { state: State.busy },
    signal: SIGKILL,
    cpuMs: 980,
    logs: { level: "error", msg: "connection ended: cpu limit", reason: "cpu limit" },
  },
  {
    what: "busy, with no listener for SIGXFSZ",
    slot: { state: State.busy },
    signal: SIGXFSZ,
    logs: { level: "error", msg: "connection ended: file size limit", reason: "file size limit" },
  },
  {
    what: "busy, with too much memory",
    slot: { state: State.busy, outcome: outcomeNumber("memory limit") },
    signal: SIGABRT,
    logs: { level: "error", msg: "connection ended: memory limit", reason: "memory limit" },
  },
  {
    what: "starting, with too much memory",
    slot: { state: State.starting, outcome: outcomeNumber("memory limit") },
    signal: SIGABRT,
    idle: -1,
    logs: { level: "warn", msg: "idle worker ended: memory limit", reason: "memory limit" },
  },
  {
    what: "busy, left with a status",
    slot: { state: State.busy },
    status: 3,
    logs: { level: "warn", msg: "connection ended: exit 3", reason: "exit 3" },
  },
  {
    what: "busy, left without one",
    slot: { state: State.busy },
    status: 0,
    logs: { level: "info", msg: "connection ended: exit 0", reason: "exit 0" },
  },
  {
    what: "draining, ended by its timer",
    slot: { state: State.draining, outcome: outcomeNumber("drain timeout") },
    status: 0,
    logs: { level: "warn", msg: "connection ended: drain timeout", reason: "drain timeout" },
  },
  {
    what: "busy, said itself how its connection ended",
    slot: { state: State.busy, outcome: outcomeNumber("completed"), reported: 1 },
    status: 0,
  },
  {
    what: "busy, said it itself, and crashed after that",
    slot: { state: State.busy, outcome: outcomeNumber("completed"), reported: 1 },
    signal: SIGABRT,
    logs: { level: "warn", msg: "worker ended after its connection: killed by SIGABRT", reason: "killed by SIGABRT" },
  },
  {
    what: "busy, said it itself, and did not come to an end",
    slot: { state: State.busy, outcome: outcomeNumber("completed"), reported: 1 },
    signal: SIGALRM,
    logs: { level: "warn", msg: `worker ended after its connection: ${overstay}`, reason: overstay },
  },
  {
    what: "idle, told to leave, and did not come to an end",
    slot: { state: State.idle },
    signal: SIGALRM,
    idle: -1,
    logs: { level: "warn", msg: `idle worker ended: ${overstay}`, reason: overstay },
  },
  {
    what: "busy, killed by the daemon, which stops",
    slot: { state: State.busy },
    signal: SIGKILL,
    isStopping: true,
    logs: { level: "warn", msg: "connection ended: terminated", reason: "terminated" },
  },
  {
    what: "idle, killed by the daemon, which stops",
    slot: { state: State.idle },
    signal: SIGKILL,
    isStopping: true,
    idle: -1,
  },
];

for (const { what, slot, status = -1, signal = 0, cpuMs = 10, idle = 0, isStopping = false, logs } of cases) {
  void test(`a worker that has ended: ${what}`, (t) => {
    const { memfd, registry, slots, write } = openScoreboard(t, 2);
    const header = new Header(memfd);
    header.beginGeneration(2, 4);
    registry.take(1, slot.generation ?? worker.generation);
    registry.enter(1, worker.pid);
    write(1, { ...worker, ...slot });
    const ended = new EndedWorker();
    ended.words.set([worker.pid, status, signal, cpuMs, 20, 30_000]);
    const { log, records } = logInto();
    settleEndedWorker(ended, 1, { registry, slots, header, settings, log, isStopping });
    assert.ok(!registry.isTaken(1));
    assert.equal(header.idle, idle);
    assert.deepEqual(
      records.map(({ level, msg, reason }) => ({ level, msg, ...(reason === undefined ? {} : { reason }) })),
      logs === undefined ? [] : [logs],
    );
    for (const record of records) assert.equal(record["pid"], worker.pid);
    if (logs?.msg.startsWith("connection ended") === true) {
      assert.equal(records[0]?.["connection"], "2.7.1");
      assert.equal(records[0]?.["peer"], worker.peer);
      assert.equal(records[0]?.["maxRssKib"], 30_000);
    }
  });
}

void test("an end that may have been told, by somebody who died of it, is told again, and counted once", (t) => {
  const { memfd, registry, slots, write } = openScoreboard(t, 2);
  const header = new Header(memfd);
  const counted = t.mock.method(header, "countEnd");
  write(1, { ...worker, state: State.busy });
  const ended = new EndedWorker();
  ended.words.set([worker.pid, 3, 0, 0, 0, 0]);
  const { log, records } = logInto();
  const tellAndDie: Log = {
    ...log,
    warn: (...record) => {
      log.warn(...record);
      throw new Error("killed");
    },
  };
  registry.take(1, 2);
  registry.enter(1, worker.pid);
  const keeper = { registry, slots, header, settings, log };
  assert.throws(() => settleEndedWorker(ended, 1, { ...keeper, log: tellAndDie }));
  settleEndedWorker(ended, 1, keeper);
  assert.deepEqual(
    records.map(({ reason, again }) => ({ reason, again })),
    [
      { reason: "exit 3", again: undefined },
      { reason: "exit 3", again: true },
    ],
  );
  assert.equal(counted.mock.callCount(), 1);
});

void test("what a re-used worker had used before its last connection is not that connection's", (t) => {
  const [record] = settleCrashed(t, settings, { user_before: 4, system_before: 15, bytes_in: 5, bytes_out: 7 });
  assert.equal(record?.["userMs"], 6);
  assert.equal(record["systemMs"], 5);
  assert.equal(record["bytesIn"], 5);
  assert.equal(record["bytesOut"], 7);
  assert.equal(record["signal"], "SIGSEGV");
});

void test("anonymizePeers shortens the peer", (t) => {
  const [record] = settleCrashed(t, { ...settings, anonymizePeers: true });
  assert.equal(record?.["peer"], "127.0.0.0");
});

void test("connectionLog: false silences only what is usual", (t) => {
  const quiet = { ...settings, connectionLog: false };
  assert.deepEqual(settle(t, quiet, {}, [worker.pid, 0, 0, 10, 20, 30_000]), []);
  assert.equal(settleCrashed(t, quiet).length, 1);
});

void test("each end has a level, and what is usual no high one", () => {
  assert.deepEqual(Object.keys(endLevels).toSorted(), outcomes.toSorted());
  assert.equal(endLevels.completed, "info");
  assert.equal(endLevels.drained, "info");
  assert.equal(endLevels["handler error"], "error");
});

const settleCrashed = (t: TestContext, keeperSettings: typeof settings, slot: Written = {}): LogRecord[] =>
  settle(t, keeperSettings, slot, [worker.pid, -1, SIGSEGV, 10, 20, 30_000]);

/** What is logged of a busy worker that has ended like that. */
function settle(t: TestContext, keeperSettings: typeof settings, slot: Written, how: readonly number[]): LogRecord[] {
  const { memfd, registry, slots, write } = openScoreboard(t, 2);
  const header = new Header(memfd);
  registry.take(1, worker.generation);
  registry.enter(1, worker.pid);
  write(1, { ...worker, state: State.busy, ...slot });
  const ended = new EndedWorker();
  ended.words.set(how);
  const { log, records } = logInto();
  settleEndedWorker(ended, 1, { registry, slots, header, settings: keeperSettings, log });
  return records;
}

function logInto(): { log: Log; records: LogRecord[] } {
  const records: LogRecord[] = [];
  const identity = (): Fields => ({});
  const keep = (line: string): void => {
    records.push(JSON.parse(line) as LogRecord);
  };
  return { log: createLog(() => "debug", identity, keep), records };
}
