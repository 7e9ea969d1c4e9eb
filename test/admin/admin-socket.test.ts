import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { Status } from "../../dist/admin/api.js";
import { Client } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { Place, type Started } from "../support/place.ts";
import { isAlive } from "../support/processes.ts";
import { missing } from "../support/programs.ts";
import { waitFor } from "../support/wait-for.ts";

const run = promisify(execFile);
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const skip = missing({ curl: "curl" });
const skipUnlessRoot = process.getuid?.() === 0 ? missing({ curl: "curl", setpriv: "util-linux" }) : "must be root";

void suite("the admin socket", { skip }, () => {
  void test("is its user's alone, and answers curl", async (t) => {
    const { socket, daemon, ask } = await served(t);
    const { mode, uid } = statSync(socket);
    assert.deepEqual([mode & 0o777, uid], [0o600, process.getuid?.()]);
    const { code, type, answer } = await ask("GET", "/status");
    assert.deepEqual([code, type], ["200", "application/json"]);
    assert.equal((answer as Status).pid, daemon.pid);
    assert.deepEqual((await ask("GET", "/connections")).answer, []);
  });

  void test("another user cannot connect, though he may come as far as the socket", {
    skip: skipUnlessRoot,
  }, async (t) => {
    const { socket, place } = await served(t);
    const [program, ...args] = [...asNobody, "curl", "--silent", "--unix-socket", socket, "http://localhost/status"];
    await assert.rejects(run(program, args), { code: 7 });
    chmodSync(join(place.runtimeDir, "commands"), 0o755);
    await assert.rejects(run(program, args), { code: 7 });
    assert.equal((await place.forkd("status")).status, 0);
  });

  void test("says of what it does not know that it does not", async (t) => {
    const { ask } = await served(t);
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/stop"],
      ["POST", "/status"],
      ["GET", "/status/x"],
      ["PUT", "/connections/1.1.1"],
    ] as const) {
      const { code, answer } = await ask(method, path);
      assert.deepEqual([code, answer], ["404", { code: "FORKD_E_USAGE", message: `There is no ${method} ${path}.` }]);
    }
    const { code, answer } = await ask("DELETE", "/connections/9.9.9");
    assert.equal(code, "404");
    assert.equal((answer as { code: string }).code, "FORKD_E_NO_CONNECTION");
  });

  void test("ends a connection, and the daemon", async (t) => {
    const { ask, daemon } = await served(t);
    const client = await Client.open(daemon.port);
    client.send("id\n");
    await client.receives("\n");
    const [id = ""] = client.received.split(" ");
    const { code, answer } = await ask("DELETE", `/connections/${id}?now`);
    assert.deepEqual([code, typeof (answer as { pid: unknown }).pid], ["202", "number"]);
    await client.rest();
    const stop = await ask("POST", "/stop?now");
    assert.deepEqual([stop.code, (stop.answer as Status).state], ["202", "stopping"]);
    await waitFor("the end", () => !isAlive(daemon.pid));
  });

  void test("one who connects and says nothing holds nobody up", async (t) => {
    const { socket, place } = await served(t);
    const silent = execFile("curl", ["--silent", "--unix-socket", socket, "telnet://localhost"]);
    t.after(() => silent.kill("SIGKILL"));
    assert.equal((await place.forkd("status")).status, 0);
    assert.deepEqual(await place.forkd("stop"), { status: 0, stdout: "commands: stopped\n", stderr: "" });
  });
});

interface Served {
  readonly place: Place;
  readonly daemon: Started;
  readonly socket: string;
  readonly ask: (method: string, path: string) => Promise<{ code: string; type: string; answer: unknown }>;
}

/** A daemon, and curl to ask it. */
async function served(t: TestContext): Promise<Served> {
  const place = new Place(t);
  const daemon = await place.start(fixture("commands"), "--idle-timeout", "off");
  const socket = join(place.runtimeDir, "commands", "admin.sock");
  const facts = "\n%{http_code} %{content_type}";
  const ask = async (method: string, path: string) => {
    const how = ["--silent", "--path-as-is", "--request", method, "--write-out", facts, "--unix-socket", socket];
    const { stdout } = await run("curl", [...how, `http://localhost${path}`]);
    const [, body = "", code = "", type = ""] = /^(.*)\n(\d+) ([^;]*).*$/s.exec(stdout) ?? [];
    return { code, type, answer: JSON.parse(body) as unknown };
  };
  return { place, daemon, socket, ask };
}
