import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { TestDaemon } from "../support/daemon.ts";
import { missing } from "../support/programs.ts";
import { waitFor } from "../support/wait-for.ts";
import { root } from "../docs/pages.ts";

const run = promisify(execFile);
const example = join(root, "examples", "http.ts");

void test("curl", { skip: missing({ curl: "curl" }) }, async (t) => {
  const { port } = await TestDaemon.start(t, example);
  const url = `http://127.0.0.1:${port}`;

  await t.test("two requests on a connection are served by one process", async () => {
    const format = "connects %{num_connects}\n";
    const { stdout } = await run("curl", ["-sS", "-w", format, `${url}/one`, `${url}/two`]);
    const [one = "", connects, two, connectsAgain] = stdout.split("\n");
    assert.match(one, /^GET \/one 0 bytes, served by process \d+$/);
    assert.equal(two, one.replace("one", "two"));
    assert.deepEqual([connects, connectsAgain], ["connects 1", "connects 0"]);
  });

  await t.test("each connection has a process of its own", async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => run("curl", ["-sS", url])));
    assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 5);
  });

  await t.test("a long body is read to its end", async () => {
    const { stdout } = await run("curl", ["-sS", "--data", "x".repeat(100_000), `${url}/long`]);
    assert.match(stdout, /^POST \/long 100000 bytes/);
  });
});

void test("ab, with and without connections that are kept alive", {
  skip: missing({ ab: "apache2-utils" }),
}, async (t) => {
  const daemon = await TestDaemon.start(t, example);
  const requests = 100;
  for (const [flags, keptAlive] of [
    [[], undefined],
    [["-k"], requests],
  ] as const) {
    const load = ["-q", "-l", "-n", String(requests), "-c", "16", ...flags, `http://127.0.0.1:${daemon.port}/`];
    const { stdout } = await run("ab", load);
    const figure = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(stdout)?.[1]);
    assert.equal(figure("Complete requests"), requests, stdout);
    assert.equal(figure("Failed requests"), 0, stdout);
    assert.doesNotMatch(stdout, /Non-2xx/);
    if (keptAlive !== undefined) assert.equal(figure("Keep-Alive requests"), keptAlive, stdout);
  }
  assert.deepEqual(
    daemon.log.filter(({ level }) => level !== "info"),
    [],
  );
});

void test("a connection that waits for its next request does not hold up a drain", async (t) => {
  const daemon = await TestDaemon.start(t, example, "--drain-timeout", "1h");
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const body = await new Promise((resolve, reject) => {
    get({ agent, port: daemon.port, host: "127.0.0.1" }, (response) => void text(response).then(resolve)).on(
      "error",
      reject,
    );
  });
  assert.match(String(body), /^GET \/ /);
  await waitFor("the connection to be idle", () => Object.keys(agent.freeSockets).length === 1);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
});
