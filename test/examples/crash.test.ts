import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../docs/pages.ts";
import { Client } from "../support/client.ts";
import { TestDaemon } from "../support/daemon.ts";

const example = join(root, "examples", "crash.ts");

/** What each command does to its connection, as the log says it. */
const ruins: Readonly<Record<string, string>> = {
  crash: "killed by SIGSEGV",
  abort: "killed by SIGABRT",
  throw: "handler error",
  "exit 7": "exit 7",
  hang: "idle timeout",
  spin: "idle timeout",
};

void test("whatever a connection is ruined by, it is said, and its neighbour is served", async (t) => {
  const daemon = await TestDaemon.start(t, example, "--idle-timeout", "3s");
  for (const [command, reason] of Object.entries(ruins)) {
    const [ruined, neighbour] = [await Client.open(daemon.port), await Client.open(daemon.port)];
    await ruined.receives("> ");
    ruined.send(`${command}\r\n`);
    const [, pid] = /^Process (\d+) /.exec(ruined.received) ?? [];
    await daemon.waitForLog(command, (record) => record["pid"] === Number(pid) && record["reason"] === reason);
    await ruined.rest();
    if (reason === "idle timeout") {
      neighbour.close(); // it was idle for as long
      continue;
    }
    neighbour.send("pid\r\nquit\r\n");
    assert.match(await neighbour.rest(), /process \d+, alone with 0 MiB of leaks\r\n> Goodbye\.\r\n$/);
  }
});

void test("help lists what there is, and an unknown command is told of it", async (t) => {
  const { port } = await TestDaemon.start(t, example);
  const client = await Client.open(port);
  client.send("HELP\r\nnonsense\r\n\r\nquit\r\n");
  const told = await client.rest();
  for (const command of Object.keys(ruins)) assert.match(told, new RegExp(`^${command.split(" ")[0]} +\\S`, "m"));
  assert.match(told, /There is no command nonsense; help lists/);
});

void test("what leaks is gone with its process", async (t) => {
  const { port } = await TestDaemon.start(t, example);
  for (let round = 0; round < 2; round++) {
    const client = await Client.open(port);
    client.send("leak 20\r\nleak 30\r\nquit\r\n");
    assert.match(await client.rest(), /> 20 MiB .*\r\n> 50 MiB .*\r\n> Goodbye/);
  }
});
