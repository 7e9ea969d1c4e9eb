import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test, type TestContext } from "node:test";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";

/** As in a container: the daemon is process 1 of a namespace of its own. */
const namespace = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"] as const;

void suite("as process 1 of a container", { skip: namespaceIsMissing() }, () => {
  void test("it buries strangers, whose parents have died before them", async (t) => {
    const { daemon, supervisor } = await start(t, "starts-programs");
    const client = await Client.open(daemon.port);
    client.send("stranger\n");
    await client.receives("\n");
    const isStranger = (pid: number): boolean => processInfo(pid)?.name === "sleep";
    const stranger = await waitFor("the stranger to be adopted", () => childrenOf(supervisor).find(isStranger));
    process.kill(stranger, "SIGKILL");
    await waitFor("the stranger to be buried", () => childrenOf(supervisor).length === 1);
    client.close();
  });

  void test("it stops before the 10 seconds are over that it has as a rule", async (t) => {
    const { daemon, supervisor } = await start(t, "commands", "--log-level", "debug");
    const { client } = await converse(daemon.port);
    process.kill(supervisor, "SIGTERM");
    const { ms } = await daemon.waitForEnd("drain timeout");
    assert.ok(Number(ms) >= 8000);
    assert.equal(await daemon.ended(), 0);
    await client.rest();
  });
});

async function start(t: TestContext, module: string, ...flags: string[]) {
  const daemon = await TestDaemon.startThrough(t, [...namespace], fixture(module), ...flags);
  const [supervisor = 0] = childrenOf(daemon.pid);
  return { daemon, supervisor };
}

function namespaceIsMissing(): string | false {
  const [command, ...args] = namespace;
  return spawnSync(command, [...args, "true"]).status === 0
    ? false
    : "needs root, and a namespace of processes (unshare(1))";
}
