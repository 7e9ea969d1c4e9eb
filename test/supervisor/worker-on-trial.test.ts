import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { test, type TestContext } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, type LogRecord, TestDaemon } from "../support/daemon.ts";
import { childrenOf, isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";
import { startGated } from "./gated.ts";

/** How the next zygote says what keeps its worker from getting ready. */
const refusals = {
  throws: /on trial, failed before it was ready .* Mend this:.*Error: afterFork fails\\n +at .*on-trial/,
  rejects: /on trial, failed before it was ready .* Mend this:.*Error: afterFork fails\\n +at .*on-trial/,
  exits: /on trial, ended before it was ready for a connection: exit 0\. afterFork must not call/,
  crashes: /on trial, ended before it was ready for a connection: killed by SIGSEGV\./,
};

for (const engine of ["fork", "spawn"]) {
  for (const [fault, refusal] of Object.entries(refusals)) {
    void test(`${engine}: a zygote none of whose workers would get ready does not take over, ${fault}`, async (t) => {
      const { daemon, gate } = await start(t, engine);
      await writeFile(gate, fault);
      await crashWorker(daemon);
      const { err } = await daemon.waitForLog("what is the matter", ({ msg }) => msg === "the zygote failed");
      assert.equal((err as { code: string }).code, "FORKD_E_MODULE_FAILED");
      assert.match(JSON.stringify(err), refusal);
      await daemon.waitForLog("its end", ({ msg }) => msg === "the next zygote ended: exit 1; the old one goes on");
      assert.match(await exchange(daemon.port, "id\n"), /^1\./);
      await rm(gate);
      await daemon.waitForLog("one that does", hasTakenOver);
    });
  }

  void test(`${engine}: a worker on trial that hangs is killed with its programs, and the old zygote goes on`, async (t) => {
    const { daemon, gate } = await start(t, engine, "--start-timeout", "8s");
    await writeFile(gate, "hangs");
    await crashWorker(daemon);
    const { msg: program, pid } = await daemon.waitForLog("its program", isOfNext("program "));
    const { err } = await daemon.waitForLog("what is the matter", ({ msg }) => msg === "the zygote failed");
    assert.equal((err as { code: string }).code, "FORKD_E_START_TIMEOUT");
    assert.match(
      JSON.stringify(err),
      /on trial, was not ready for a connection within startTimeout \(8s\), and was killed/,
    );
    await waitFor("both to be gone", () => [pid, program.split(" ")[1]].every((one) => !isAlive(Number(one))));
    assert.match(await exchange(daemon.port, "id\n"), /^1\./);
    await rm(gate);
  });

  void test(`${engine}: a worker on trial that gets ready leaves as others do, and nothing else of it is told`, async (t) => {
    const { daemon } = await start(t, engine);
    await crashWorker(daemon);
    await daemon.waitForLog("the next zygote", hasTakenOver);
    const untilThen = daemon.log.slice(0, daemon.log.findIndex(hasTakenOver));
    const { pid: tried } = await daemon.waitForLog("the one on trial", isOfNext("ready"));
    await daemon.waitForLog("its end", ({ pid, msg }) => pid === tried && msg === "left"); // the pipe may be behind
    assert.deepEqual(
      daemon.log.filter(({ pid }) => pid === tried).map(({ msg }) => msg),
      ["ready", "left"],
    );
    assert.equal(untilThen.filter(({ level }) => level === "warn" || level === "error").length, 1, "the crash");
    await waitFor("only the zygote to be left", () => childrenOf(daemon.pid).length === 1);
    assert.match(await exchange(daemon.port, "id\n"), /^2\.\d+\.1\n/, "the one on trial is counted nowhere");
  });

  void test(`${engine}: a daemon that blocks, and has no afterFork, has a worker on trial, too`, async (t) => {
    const flags = ["--engine", engine, "--rotate-interval", "1ms", "--spare-workers", "3"];
    const daemon = await TestDaemon.start(t, fixture("commands-blocking"), ...flags);
    await crashWorker(daemon);
    await daemon.waitForLog("the next zygote", hasTakenOver);
    assert.equal(daemon.log.filter(({ level }) => level === "warn" || level === "error").length, 1, "the crash");
  });

  void test(`${engine}: a zygote that is killed takes its worker on trial along`, async (t) => {
    const { daemon, gate } = await start(t, engine);
    const { zygote } = daemon;
    await writeFile(gate, "hangs");
    await crashWorker(daemon);
    const { pid } = await daemon.waitForLog("the one on trial", isOfNext("program "));
    const next = childrenOf(daemon.pid).find((child) => child !== zygote && childrenOf(child).includes(Number(pid)));
    process.kill(next as number, "SIGKILL");
    await waitFor("both to be gone", () => !isAlive(Number(pid)) && !isAlive(next as number));
    assert.match(await exchange(daemon.port, "id\n"), /^1\./);
    await rm(gate);
  });
}

/** With all of its spares: later ones will not get ready. */
async function start(t: TestContext, engine: string, ...flags: string[]): ReturnType<typeof startGated> {
  const quick = ["--rotate-interval", "1ms", "--log-level", "debug"];
  const { daemon, gate } = await startGated(t, "on-trial", "--engine", engine, ...quick, ...flags);
  const trialAndSpares = 1 + 3;
  await waitFor("the spares", () => daemon.log.filter(({ msg }) => msg === "ready").length === trialAndSpares);
  return { daemon, gate };
}

const hasTakenOver = ({ msg }: LogRecord): boolean => msg === "a new zygote has taken over";

const isOfNext =
  (beginning: string) =>
  ({ msg, generation }: LogRecord): boolean =>
    msg.startsWith(beginning) && generation === 2;

async function crashWorker(daemon: TestDaemon): Promise<void> {
  const { pid, client } = await converse(daemon.port);
  process.kill(pid, "SIGSEGV");
  await client.rest();
  await daemon.waitForLog("its end", (record) => record["pid"] === pid && record["reason"] === "killed by SIGSEGV");
}
