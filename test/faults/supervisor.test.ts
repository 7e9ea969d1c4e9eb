import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { converse } from "../supervisor/conversation.ts";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { processInfo } from "../support/processes.ts";
import { strace, straceIsMissing } from "../support/strace.ts";
import { waitFor } from "../support/wait-for.ts";

const flags = ["--spare-workers", "2", "--idle-timeout", "off"];
const prlimitIsMissing =
  spawnSync("prlimit", ["--version"]).status !== 0 && "needs prlimit; on Debian: apt-get install util-linux";

void test("the supervisor has no descriptors left when its zygote dies: waited out, gone on", {
  skip: prlimitIsMissing,
}, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const busy = await converse(daemon.port);
  limitDescriptors(daemon.pid, 3);
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("the trouble", ({ msg }) => /^no zygote could be started: .*EMFILE/.test(msg));
  assert.match(await exchange(daemon.port, "id\n"), /^1\./, "the adopted spares serve");
  busy.client.finish();
  await busy.client.rest();
  await waitFor("the adopted worker to be reaped", () => processInfo(busy.pid) === undefined);
  await assertAlmostIdle([daemon.pid]);
  limitDescriptors(daemon.pid, 1024);
  await waitFor("another zygote's worker", async () => /^(?!1\.)\d/.test(await exchange(daemon.port, "id\n")));
});

for (const errno of ["EAGAIN", "ENOMEM"]) {
  void test(`no process can be made when the zygote dies (${errno}): waited out, gone on`, {
    skip: straceIsMissing,
  }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
    const calls = "clone,clone3,fork,vfork";
    const { zygote } = daemon;
    const detach = await strace(t, daemon.pid, "-e", `trace=${calls}`, "-e", `inject=${calls}:error=${errno}`);
    process.kill(zygote, "SIGKILL");
    await daemon.waitForLog("the trouble", ({ msg }) =>
      new RegExp(`^no zygote could be started: .*${errno}`).test(msg),
    );
    assert.match(await exchange(daemon.port, "id\n"), /^1\./, "the adopted spares serve");
    await assertAlmostIdle([daemon.pid]);
    await detach();
    await waitFor("a zygote's worker", async () => /^(?!1\.)\d/.test(await exchange(daemon.port, "id\n")));
  });
}

function limitDescriptors(pid: number, count: number): void {
  assert.equal(spawnSync("prlimit", ["--pid", String(pid), `--nofile=${count}:1024`]).status, 0);
}
