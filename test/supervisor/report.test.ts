import assert from "node:assert/strict";
import { test } from "node:test";
import { optionNames } from "../../dist/config/option-table.js";
import type { Report } from "../../dist/supervisor/report.js";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

const settingsByFlag = [
  "--spare-workers",
  "3",
  "--max-connections",
  "5",
  "--limits-core",
  "0B",
  "--log-level",
  "error",
];

void test("SIGUSR2 has the daemon say in its log what it does, with what settings, at every level", async (t) => {
  const variables = { FORKD_IDLE_TIMEOUT: "off" };
  const daemon = await TestDaemon.startWith(t, { variables }, fixture("commands"), ...settingsByFlag);
  await exchange(daemon.port, "pid\n");
  await exchange(daemon.port, "throw\n");
  await daemon.waitForEnd("handler error");
  const { client } = await converse(daemon.port);
  const report = await waitFor("a report of all that", async () => {
    const latest = await askForReport(daemon);
    const { workers, connections } = latest;
    return workers?.idle === 3 && workers?.busy === 1 && connections.ended["completed"] === 1 ? latest : undefined;
  });
  assert.equal(report.name, "commands");
  assert.equal(report.state, "serving");
  assert.equal(report.generation, 1);
  assert.ok(report.uptimeMs > 0);
  assert.deepEqual(report.addresses, daemon.addresses);
  assert.deepEqual(report.workers, { idle: 3, busy: 1, max: 5 });
  const { accepted, ended } = report.connections;
  assert.equal(accepted, 3);
  assert.equal(ended["handler error"], 1);
  assert.equal(ended["killed"], 0);
  client.close();
});

void test("a status report says of each option what holds, as a module would, and whose word that is", async (t) => {
  const variables = { FORKD_IDLE_TIMEOUT: "off" };
  const daemon = await TestDaemon.startWith(t, { variables }, fixture("commands"), ...settingsByFlag);
  const { settings } = await askForReport(daemon);
  assert.deepEqual(Object.keys(settings), optionNames);
  assert.deepEqual(settings.name, { value: "commands", origin: "module" });
  assert.deepEqual(settings.listen, { value: ["127.0.0.1:0"], origin: "flag" });
  assert.deepEqual(settings.idleTimeout, { value: "off", origin: "variable" });
  assert.deepEqual(settings.drainTimeout, { value: "30s", origin: "default" });
  assert.deepEqual(settings["limits.core"], { value: "0B", origin: "flag" });
  assert.deepEqual(settings["limits.memory"], { value: "off", origin: "default" });
});

/** One more than there are. */
async function askForReport(daemon: TestDaemon): Promise<Report> {
  const reports = (): Report[] =>
    daemon.log.filter(({ msg }) => msg === "status report").map((record) => record as unknown as Report);
  const before = reports().length;
  daemon.signal("SIGUSR2");
  return waitFor("a status report", () => reports()[before]);
}
