import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { exchange } from "../support/client.ts";
import { cli, fixture, TestDaemon } from "../support/daemon.ts";
import { missing } from "../support/programs.ts";
import { processesWith } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const skip = missing({ "systemd-socket-activate": "systemd" });

void test("systemd's sockets: the first client starts the daemon, and is served by it", { skip }, async (t) => {
  const port = await freePort();
  const { log } = await activate(t, `127.0.0.1:${port}`);
  assert.doesNotMatch(log(), /"role":"supervisor"/);
  assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
  await waitFor("the log to name the address", () => log().includes(`"msg":"listening on 127.0.0.1:${port}"`));
});

void test("sockets that were passed to another process are not listened on, and the log says why, and the way out", async (t) => {
  const variables = { LISTEN_PID: String(process.pid), LISTEN_FDS: "1" };
  const daemon = await TestDaemon.startWith(t, { variables }, fixture("commands"));
  const { level, msg } = await daemon.waitForLog("it", ({ addressee }) => addressee === process.pid);
  assert.equal(level, "warn");
  assert.match(
    msg,
    /not to this process: they are not listened on\. Have node_modules\/\.bin\/forkd run started itself, without npx/,
  );
  assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
});

/** Has systemd listen, and start a daemon when somebody comes. */
async function activate(t: TestContext, address: string): Promise<{ log: () => string }> {
  const mark = `TEST_DAEMON=${randomUUID()}`;
  const command = [process.execPath, cli, "run", fixture("commands"), "--log-format", "json"];
  const child = spawn("systemd-socket-activate", ["-l", address, "-E", mark, ...command], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (log += part));
  t.after(async () => {
    child.kill("SIGQUIT");
    await waitFor("all processes to be gone", () => processesWith(mark).length === 0);
  });
  await waitFor(`systemd to listen: ${log}`, () => log.includes(`Listening on ${address}`));
  return { log: () => log };
}

/** It cannot be told of the port that the kernel chose for it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
