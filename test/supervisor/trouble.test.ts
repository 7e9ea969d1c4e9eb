import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { isAboutForks } from "../support/engine.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

const flags = ["--spare-workers", "3", "--idle-timeout", "off"];
const prlimitIsMissing =
  spawnSync("prlimit", ["--version"]).status !== 0 && "needs prlimit; on Debian: apt-get install util-linux";

for (const style of ["commands", "commands-blocking"]) {
  void test(`accept fails: said once, waited out, gone on, ${style}`, {
    skip: isAboutForks || prlimitIsMissing,
  }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), ...flags);
    const watched = [daemon.zygote, ...(await daemon.spares(3))];
    for (const pid of watched) limitDescriptors(pid, 3);
    const clients = await Promise.all([Client.open(daemon.port), Client.open(daemon.port)]);
    for (const client of clients) client.send("pid\n");
    await daemon.waitForLog("the trouble", isAbout(/^accept failed: EMFILE \(too many open files\); trying again/));
    await assertAlmostIdle(watched);
    assert.deepEqual(
      clients.map(({ ended, received }) => [ended, received]),
      [
        [undefined, ""],
        [undefined, ""],
      ],
    );
    for (const pid of watched) process.kill(pid, "SIGSTOP"); // or one would get on before the other may
    for (const pid of watched) limitDescriptors(pid, 1024);
    for (const pid of watched) process.kill(pid, "SIGCONT");
    for (const client of clients) {
      await client.receives("\n");
      client.close();
    }
    const end = await daemon.waitForLog("the end of it", isAbout(/^accepting again$/));
    assert.equal(end.level, "info");
    assert.equal(daemon.log.filter(isAbout(/^accept failed/)).length, 1);
    assert.equal(daemon.log.filter(isAbout(/^accepting again/)).length, 1);
  });
}

void test("workers die at birth for want of descriptors: waited out, gone on", {
  skip: isAboutForks || prlimitIsMissing,
}, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const { zygote } = daemon;
  await daemon.spares(3);
  limitDescriptors(zygote, 3);
  const opened = await Promise.all([converse(daemon.port), converse(daemon.port), converse(daemon.port)]);
  await daemon.waitForLog("the trouble", isAbout(/^idle worker ended: killed by SIGABRT/));
  await assertAlmostIdle([zygote]);
  const waiting = await Client.open(daemon.port);
  waiting.send("pid\n");
  limitDescriptors(zygote, 1024);
  await waiting.receives("\n");
  await waitFor("as many spares as ever", () => daemon.workers.length === opened.length + 1 + 3);
  for (const { client } of opened) client.close();
  waiting.close();
});

const isAbout =
  (pattern: RegExp) =>
  ({ msg }: LogRecord): boolean =>
    pattern.test(msg);

function limitDescriptors(pid: number, count: number): void {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--nofile=${count}:1024`], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
}
