import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { DaemonLog } from "../../dist/supervisor/daemon-log.js";
import { logPath } from "../support/log-file.ts";

const longerThanItsPatience = 700;

void test("what came while the supervisor was kept from running is written before the log is closed", async (t) => {
  const path = logPath(t);
  const log = new DaemonLog();
  await log.configure({ anonymizePeers: false, logFile: path, logFormat: "json", logLevel: "info" });
  const worker = openSync(`/proc/self/fd/${log.pipe[1]}`, "w");
  const closed = log.close();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, longerThanItsPatience);
  writeSync(worker, "the last\n");
  await closed;
  closeSync(worker);
  assert.match(readFileSync(path, "utf8"), /"the last"/);
});
