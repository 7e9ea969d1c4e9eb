import assert from "node:assert/strict";
import { constants } from "node:os";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

void suite("a worker's programs end with it", () => {
  for (const ending of ["", "crash\n"]) {
    void test(ending === "" ? "when it has served" : "when it is killed", async (t) => {
      const daemon = await TestDaemon.start(t, fixture("starts-programs"));
      const { client, program } = await startProgram(daemon, "program");
      client.send(ending);
      client.finish();
      await waitFor("the program to be gone", () => processInfo(program) === undefined);
    });
  }

  void test("but for those that have a session of their own", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"));
    const { client, program: detached } = await startProgram(daemon, "detached");
    const worker = await ask(client, "pid");
    client.finish();
    await waitFor("the worker to be gone", () => processInfo(worker) === undefined);
    assert.ok(isAlive(detached));
  });

  void test("when the zygote is dead, by whom they were buried otherwise", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"));
    const { client, program } = await startProgram(daemon, "program");
    const worker = await ask(client, "pid");
    process.kill(daemon.zygote, "SIGKILL");
    await waitFor("the adoption", () => processInfo(worker)?.parent === daemon.pid);
    assert.ok(isAlive(program));
    client.finish();
    await waitFor("the program to be gone", () => processInfo(program) === undefined);
  });

  void test("whoever is to bury it, and does not", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"));
    const { client, program } = await startProgram(daemon, "program");
    const { zygote } = daemon;
    process.kill(zygote, "SIGSTOP");
    client.finish();
    await waitFor("the program to be gone", () => !isAlive(program));
    process.kill(zygote, "SIGCONT");
  });

  void test("when the supervisor is dead too, and nobody is left to bury them", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"), "--drain-timeout", "20s");
    const { client, program } = await startProgram(daemon, "program");
    daemon.signal("SIGKILL");
    await daemon.ended();
    assert.ok(isAlive(program), "the connection goes on, and what it has started");
    client.finish();
    await client.rest();
    await waitFor("the program to be gone", () => !isAlive(program));
    await daemon.gone();
  });

  void test("and when its drain runs out of time then", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"), "--drain-timeout", "100ms");
    const { program } = await startProgram(daemon, "program");
    daemon.signal("SIGKILL");
    await waitFor("the program to be gone", () => !isAlive(program));
    await daemon.gone();
  });

  void test("when the daemon stops at once", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"));
    const { program } = await startProgram(daemon, "program");
    daemon.signal("SIGQUIT");
    assert.equal(await daemon.ended(), 0);
    await waitFor("the program to be gone", () => !isAlive(program));
  });

  void test("a fork bomb, ended by the session timeout", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("starts-programs"), "--session-timeout", "2s");
    const client = await Client.open(daemon.port);
    client.send("bomb\nspin\n");
    await client.rest();
    await daemon.waitForEnd("session timeout");
    const own = 2 + 8; // the supervisor, the zygote, and its spares
    await waitFor("the bomb to be gone", () => daemon.processes.length <= own);
    assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
  });
});

void test("a worker that is stopped when its zygote dies goes on when it is continued", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("starts-programs"));
  const client = await Client.open(daemon.port);
  const worker = await ask(client, "pid");
  process.kill(worker, "SIGSTOP");
  await waitFor("the stop", () => processInfo(worker)?.state === "T");
  process.kill(daemon.zygote, "SIGKILL");
  await waitFor("the adoption", () => processInfo(worker)?.parent === daemon.pid);
  process.kill(worker, constants.signals.SIGCONT);
  assert.equal(await ask(client, "pid"), worker);
  client.close();
});

void test("an idle worker with other threads is told to drain, and leaves at once", async (t) => {
  const flags = ["--connections-per-worker", "10", "--max-connections", "1", "--spare-workers", "1"];
  const daemon = await TestDaemon.start(t, fixture("starts-programs"), ...flags);
  const [worker] = daemon.workers;
  assert.equal(await exchange(daemon.port, "useThreadPool\npid\n"), `forkd: worker\n${worker}\n`);
  process.kill(worker as number, "SIGTERM");
  await waitFor("the worker to be gone", () => processInfo(worker as number) === undefined);
});

async function startProgram(daemon: TestDaemon, how: string): Promise<{ client: Client; program: number }> {
  const client = await Client.open(daemon.port);
  const program = await ask(client, how);
  await waitFor("the program", () => isAlive(program));
  return { client, program };
}

/** The number that a command is answered with. */
async function ask(client: Client, command: string): Promise<number> {
  const before = client.received.length;
  client.send(`${command}\n`);
  await waitFor(`an answer to ${command}`, () => client.received.slice(before).endsWith("\n"));
  return Number(client.received.slice(before));
}
