import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

void test("a socket takes over where lines have left off, and both are counted", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("lines-then-socket"));
  const client = await Client.open(daemon.port);
  client.send("one\n");
  await client.receives("\n");
  client.send("the rest");
  client.finish();
  const received = await client.rest();
  assert.match(received, /^line one, process \d+\nbytes the rest\nEND\n$/);
  const end = await daemon.waitForEnd("completed");
  assert.deepEqual([end["bytesIn"], end["bytesOut"]], ["one\nthe rest".length, received.length]);
});

void test("what comes while nobody reads is the socket's, once it is asked for", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("lines-then-socket"));
  const client = await Client.open(daemon.port);
  client.send("wait\n");
  await client.receives("\n");
  client.send("early");
  process.kill(Number(/process (\d+)/.exec(client.received)?.[1]), "SIGUSR2");
  await client.receives("bytes early\n");
  client.finish();
  assert.match(await client.rest(), /bytes early\nEND\n$/);
});

void test("a client that resets the connection is noticed though nobody reads", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"));
  const client = await Client.open(daemon.port);
  client.send("pid\nuntilAborted\n");
  await client.receives("\n");
  client.socket.resetAndDestroy();
  await daemon.waitForEnd("client gone");
});
