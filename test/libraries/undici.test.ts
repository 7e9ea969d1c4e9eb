import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

/** Answers each request by its path and the client's port. */
async function startServer(t: TestContext): Promise<string> {
  const server = createServer(({ url, socket }, response) => response.end(`${url} ${socket.remotePort}`));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

void test("undici, with a Pool made in afterFork, its fetch and Node's", async (t) => {
  process.env["TEST_ORIGIN"] = await startServer(t);
  t.after(() => delete process.env["TEST_ORIGIN"]);
  const { port } = await TestDaemon.start(t, fixture("library-undici"));

  await t.test("workers that ask at once have the answers to their own questions", async () => {
    const paths = Array.from({ length: 20 }, (_, index) => `/path-${index}`);
    const answers = await Promise.all(paths.map((path) => exchange(port, `${path}\n`)));
    for (const [index, answer] of answers.entries()) {
      const bodies = JSON.parse(answer) as string[];
      assert.equal(bodies.length, 3);
      for (const body of bodies) assert.ok(body.startsWith(`${paths[index]} `), answer);
    }
  });

  await t.test("a worker keeps its connections, and no two share one", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => Client.open(port)));
    for (const client of clients) client.send("/first\n/second\n");
    const ports = await Promise.all(clients.map(async (client) => portsOf(client)));
    for (const [first, second] of ports) assert.deepEqual(second, first);
    assert.equal(new Set(ports.flat(2)).size, 5 * 3);
    for (const client of clients) client.close();
  });
});

/** From which ports the first line's and the second line's requests were made. */
async function portsOf(client: Client): Promise<string[][]> {
  await client.receives("/second");
  const lines = client.received.trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as string[]).map((body) => body.split(" ")[1] ?? ""));
}
