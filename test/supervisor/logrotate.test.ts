import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { logPath, readLog, recordsIn } from "../support/log-file.ts";
import { findProgram, missing } from "../support/programs.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

const skip = missing({ logrotate: "logrotate" });
const flood = 3000;
const rotations = 3;

void test("logrotate, which renames and signals: no record is lost", { skip }, async (t) => {
  const path = logPath(t);
  const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path, "--no-connection-log");
  const { client } = await converse(daemon.port);
  client.send(`floodLog ${flood}\npid\n`);
  let told = flood;
  for (let count = 0; count < rotations; count++) {
    await waitFor("the new file to be written to", async () => {
      told++;
      await exchange(daemon.port, "log again\n"); // the flood may be over, or have gone to the old one
      return recordsIn(path).length > 0;
    });
    rotate(path, ["create", "postrotate", `  kill -USR1 ${daemon.pid}`, "endscript"]);
  }
  client.finish();
  await client.rest();
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  const files = [3, 2, 1].map((number) => `${path}.${number}`).concat(path);
  const records = files.flatMap(recordsIn);
  const numbers = records.flatMap(({ msg }) => /^flood (\d+) /.exec(msg)?.[1] ?? []).map(Number);
  const lost = records.reduce((sum, { dropped }) => sum + Number(dropped ?? 0), 0);
  const again = records.filter(({ msg }) => msg === "again");
  assert.equal(numbers.length + again.length + lost, told);
  assert.deepEqual(
    numbers,
    numbers.toSorted((one, other) => one - other),
  );
  assert.equal(records.at(-1)?.msg, "stopped");
});

void test("logrotate, which copies and truncates: the log begins anew", { skip }, async (t) => {
  const path = logPath(t);
  const daemon = await TestDaemon.start(t, fixture("commands"), "--log-file", path);
  await exchange(daemon.port, "log before\n");
  await waitFor("the log to be written", () => recordsIn(path).some(({ msg }) => msg === "before"));
  rotate(path, ["copytruncate"]);
  await exchange(daemon.port, "log after\n");
  await waitFor("the log to be written on", () => recordsIn(path).some(({ msg }) => msg === "after"));
  assert.ok(readLog(path).startsWith('{"level":'), "no hole is left where the old log was");
  assert.ok(recordsIn(`${path}.1`).some(({ msg }) => msg === "before"));
});

/** By hand, as cron does it each day. */
function rotate(log: string, directives: readonly string[]): void {
  const folder = dirname(log);
  const configuration = join(folder, "logrotate.conf");
  writeFileSync(configuration, [`${log} {`, "rotate 5", ...directives, "}", ""].join("\n"), { mode: 0o644 });
  const program = findProgram("logrotate") as string;
  const { status, stderr } = spawnSync(program, ["--force", "--state", join(folder, "state"), configuration]);
  assert.equal(status, 0, stderr.toString());
}
