import assert from "node:assert/strict";
import { Agent, request, type IncomingMessage, type RequestOptions } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";

interface Response {
  readonly body: string;
  readonly worker: number;
}

function post(options: RequestOptions, body: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const onResponse = async (response: IncomingMessage): Promise<void> =>
      resolve({ body: await text(response), worker: Number(response.headers["x-worker"]) });
    request({ host: "127.0.0.1", method: "POST", path: "/path", ...options }, (response) => {
      onResponse(response).catch(reject);
    })
      .on("error", reject)
      .end(body);
  });
}

void test("an HTTP server of Node's takes the connection's socket", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("whole-node-http"));
  const agents = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
  t.after(() => agents.forEach((agent) => agent.destroy()));
  const workers = new Set<number>();
  const long = "x".repeat(1_000_000);
  for (const agent of agents) {
    const first = await post({ agent, port: daemon.port }, "short");
    const second = await post({ agent, port: daemon.port }, long);
    assert.equal(first.body, "POST /path short");
    assert.equal(second.body, `POST /path ${long}`);
    assert.equal(second.worker, first.worker, "a connection that is kept alive stays with its worker");
    assert.ok(daemon.workers.includes(first.worker));
    workers.add(first.worker);
  }
  assert.equal(workers.size, 2, "each connection has a worker of its own");
  assert.deepEqual(
    daemon.log.filter(({ level }) => level === "error"),
    [],
  );
});
