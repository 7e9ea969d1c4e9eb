import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

/** A connected client, and the worker that serves it. */
async function open(port: number): Promise<{ client: WebSocket; pid: number }> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: true });
  const [greeting] = (await once(client, "message")) as [Buffer];
  return { client, pid: Number(/\d+/.exec(greeting.toString())) };
}

async function echo(client: WebSocket, message: string | Buffer): Promise<Buffer> {
  client.send(message);
  const [data] = (await once(client, "message")) as [Buffer];
  return data;
}

void test("ws: a WebSocket server on the connection's socket", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("library-ws"));
  const [one, other] = [await open(daemon.port), await open(daemon.port)];
  t.after(() => [one, other].forEach(({ client }) => client.terminate()));

  await t.test("each client has a process of its own", () => {
    assert.notEqual(one.pid, other.pid);
    assert.ok([one, other].every(({ pid }) => daemon.workers.includes(pid)));
  });

  await t.test("text and bytes, short and long, come back as they were, compressed on the way", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => index * 7));
    assert.match(one.client.extensions, /permessage-deflate/);
    assert.equal(String(await echo(one.client, "smørrebrød")), "smørrebrød");
    assert.ok(bytes.equals(await echo(one.client, bytes)));
    assert.equal(String(await echo(other.client, "x".repeat(1_000_000))), "x".repeat(1_000_000));
  });

  await t.test("a ping is answered", async () => {
    one.client.ping("are you there");
    const [data] = (await once(one.client, "pong")) as [Buffer];
    assert.equal(String(data), "are you there");
  });

  await t.test("a crash cuts one client, and the other is served", async () => {
    process.kill(one.pid, "SIGSEGV");
    const [code] = (await once(one.client, "close")) as [number];
    assert.equal(code, 1006);
    await daemon.waitForEnd("killed by SIGSEGV");
    assert.equal(String(await echo(other.client, "still here")), "still here");
  });

  await t.test("a close is answered with its code, and the worker leaves", async () => {
    other.client.close(4000, "enough");
    const [code] = (await once(other.client, "close")) as [number];
    assert.equal(code, 4000);
    await waitFor("the worker to leave", () => !isAlive(other.pid));
  });
});
