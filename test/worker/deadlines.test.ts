import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

for (const [style, suffix] of [
  ["async", ""],
  ["blocking", "-blocking"],
] as const) {
  void suite(`deadlines, ${style}`, () => {
    const start = (t: Parameters<typeof TestDaemon.start>[0], ...flags: string[]): Promise<TestDaemon> =>
      TestDaemon.start(t, fixture(`commands${suffix}`), ...flags);

    void test("a client that says nothing is cut", async (t) => {
      const daemon = await start(t, "--idle-timeout", "300ms");
      const client = await Client.open(daemon.port);
      assert.equal(await client.rest(), "");
      assert.equal((await daemon.waitForEnd("idle timeout")).level, "info");
    });

    void test("bytes that never make a line do not count", async (t) => {
      const daemon = await start(t, "--idle-timeout", "400ms");
      const client = await Client.open(daemon.port);
      const dribble = setInterval(() => client.send("x"), 50);
      t.after(() => clearInterval(dribble));
      await daemon.waitForEnd("idle timeout");
    });

    void test("a line puts the idle timeout off", async (t) => {
      const daemon = await start(t, "--idle-timeout", "3s");
      const client = await Client.open(daemon.port);
      const startedAt = performance.now();
      const talk = setInterval(() => client.send("pid\n"), 100);
      t.after(() => clearInterval(talk));
      await waitFor("twice the idle timeout to pass", () => performance.now() - startedAt > 6000);
      assert.equal(client.ended, undefined);
      clearInterval(talk);
      await daemon.waitForEnd("idle timeout");
    });

    void test("talking does not put the session timeout off", async (t) => {
      const daemon = await start(t, "--session-timeout", "500ms");
      const client = await Client.open(daemon.port);
      const talk = setInterval(() => client.send("pid\n"), 50);
      t.after(() => clearInterval(talk));
      await daemon.waitForEnd("session timeout");
      await waitFor("the client to hear of it", () => client.ended);
    });

    void test("a handler that never lets go is stopped by the kernel's timer", async (t) => {
      const daemon = await start(t, "--idle-timeout", "2s");
      const client = await Client.open(daemon.port);
      client.send("pid\n");
      await client.receives("\n");
      const pid = Number(client.received);
      client.send("spin\n");
      await client.rest();
      const entry = await daemon.waitForEnd("idle timeout");
      assert.equal(entry["pid"], pid);
      await waitFor("the worker to be gone", () => !isAlive(pid));
    });

    void test("so it is at its session's end", async (t) => {
      const daemon = await start(t, "--session-timeout", "300ms", "--idle-timeout", "off");
      const client = await Client.open(daemon.port);
      client.send("spin\n");
      await client.rest();
      await daemon.waitForEnd("session timeout");
    });

    void test("a client that never reads is cut", async (t) => {
      const daemon = await start(t, "--idle-timeout", "3s"); // the handler takes its time, too, until it writes
      const client = await Client.open(daemon.port);
      client.socket.pause();
      client.send("write 50000000\n");
      await daemon.waitForEnd("idle timeout");
      await waitFor("what it did not take to be thrown away", () => !isKept(daemon.port, client.socket.localPort ?? 0));
      client.close();
    });

    void test("a client that reads slowly, but reads, gets all of it", async (t) => {
      const daemon = await start(t, "--idle-timeout", "5s");
      const client = await Client.open(daemon.port);
      client.send("write 20000000\n");
      client.finish();
      const stutter = setInterval(
        () => (client.socket.isPaused() ? client.socket.resume() : client.socket.pause()),
        20,
      );
      t.after(() => clearInterval(stutter));
      await waitFor("the end", () => client.ended);
      assert.equal(client.receivedBytes, 20_000_000);
    });
  });
}

/** Whether the kernel still has the daemon's end of a connection: /proc/net/tcp of proc(5), ports in hexadecimal. */
function isKept(port: number, clientPort: number): boolean {
  const [local, remote] = [port, clientPort].map((number) => number.toString(16).toUpperCase().padStart(4, "0"));
  return new RegExp(`^ *\\d+: \\w+:${local} \\w+:${remote} `, "m").test(readFileSync("/proc/net/tcp", "latin1"));
}

void test("the signal of an asynchronous handler says which deadline has passed", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("aborts"), "--idle-timeout", "300ms");
  const heard = ({ msg }: LogRecord): boolean => msg === "aborted";
  // A handler that the machine does not let run for its last half a second hears nothing.
  for (let tries = 0; tries < 10 && !daemon.log.some(heard); tries++) {
    const client = await Client.open(daemon.port);
    await client.rest();
    await daemon.waitForEnd("idle timeout");
  }
  const entry = await daemon.waitForLog("what the handler heard", heard);
  assert.equal(entry["code"], "FORKD_E_IDLE_TIMEOUT");
  await daemon.waitForEnd("idle timeout");
});

void test("raw reads of the socket put the idle timeout off", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("raw-echo"), "--idle-timeout", "3s");
  const client = await Client.open(daemon.port);
  const startedAt = performance.now();
  const talk = setInterval(() => client.send("x"), 100);
  t.after(() => clearInterval(talk));
  await waitFor("twice the idle timeout to pass", () => performance.now() - startedAt > 6000);
  assert.equal(client.ended, undefined);
  clearInterval(talk);
  await daemon.waitForEnd("idle timeout");
});
