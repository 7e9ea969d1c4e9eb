import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Status } from "../../dist/admin/api.js";
import { Client } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";
import { childrenOf, isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const refused = 111;
const flags = ["--idle-timeout", "off", "--drain-timeout", "1h", "--spare-workers", "2"];

void suite("a daemon whose supervisor is stopped", () => {
  void test("is waited for by no command but wait, and each says whose pid it is, and the way out", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    await freeze(pid);
    const commands = ["status", "connections", "kill 1.1.1", "reload", "restart", "restart --now", "upgrade", "stop"];
    const outcomes = await Promise.all(commands.map((command) => place.forkd(...command.split(" "))));
    const sentence =
      `forkd: The daemon commands has not answered for 10s: its supervisor, pid ${pid}, is stopped or hangs. If it is ` +
      `stopped, "kill -CONT ${pid}" lets it go on; "forkd stop commands --now" kills it, and all that it has.\n`;
    for (const [index, outcome] of outcomes.entries())
      assert.deepEqual(outcome, { status: refused, stdout: "", stderr: sentence }, commands[index]);
    assert.match((await place.forkd("list")).stdout, new RegExp(`\\ncommands +${pid} +not answering\\n`));
    const { status } = await place.forkd("wait", "--connections", "0", "--timeout", "100ms");
    assert.equal(status, 1);
  });

  void test("is killed by stop --now, with its zygote, its workers and their programs", async (t) => {
    const place = new Place(t);
    const { pid, port } = await place.start(fixture("starts-programs"), ...flags);
    const client = await Client.open(port);
    client.send("program\ndetached\nstranger\n");
    await client.receives("there\n");
    const [zygote = 0] = childrenOf(pid);
    await waitFor("the spares", () => childrenOf(zygote).length >= 3);
    await freeze(pid);
    const { status, stdout } = await place.forkd("stop", "--now");
    const said = "starts-programs: killed, with all that it had, for it did not stop by itself\n";
    assert.deepEqual([status, stdout], [0, said]);
    assert.deepEqual(place.processes, []);
    assert.deepEqual(place.files, []);
    const again = await place.start(fixture("starts-programs"), "--listen", `127.0.0.1:${port}`);
    assert.equal(again.port, port);
  });

  void test("is killed by one stop --now of two, and both return", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"), ...flags);
    await freeze(pid);
    const outcomes = await Promise.all([place.forkd("stop", "--now"), place.forkd("stop", "--now")]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [0, 0],
      outcomes.map(({ stderr }) => stderr).join(""),
    );
    assert.deepEqual(place.processes, []);
    assert.deepEqual(place.files, []);
  });

  void test("in the middle of a stop: that says so, and another one with --now ends it", async (t) => {
    const place = new Place(t);
    const { pid, port } = await place.start(fixture("commands"), ...flags);
    const client = await Client.open(port);
    client.send("pid\nhang\n");
    await client.receives("\n");
    const stop = place.forkd("stop");
    await waitFor("the drain", async () => (await place.ask<{ drain: unknown }>("status")).drain !== null);
    await freeze(pid);
    const { status, stderr } = await stop;
    assert.equal(status, refused);
    assert.match(stderr, /\nforkd: The daemon commands has not answered for 10s/);
    const { killed } = await place.ask<{ killed: boolean }>("stop", "--now");
    assert.equal(killed, true);
    assert.deepEqual(place.processes, []);
  });
});

void suite("a daemon whose files somebody has removed", () => {
  void test("is not waited for if it has no admin socket: commands say whose pid it is, and the way out", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    rmSync(join(place.runtimeDir, "commands", "admin.sock"));
    for (const command of ["status", "stop", "restart"]) {
      const { status, stderr } = await place.forkd(command);
      assert.match(
        stderr,
        new RegExp(`^forkd: The daemon commands cannot be told anything: .*"kill ${pid}" has it stop`),
      );
      assert.equal(status, refused);
    }
    process.kill(pid, "SIGTERM");
    await waitFor("its end", () => place.processes.length === 0);
    assert.deepEqual(place.files, []);
  });

  void test("leaves another one alone that has taken its name since", async (t) => {
    const place = new Place(t);
    const [flag, folder] = ["--runtime-dir", join(place.folder, "removed")];
    const first = await place.start(fixture("commands"), flag, folder);
    rmSync(folder, { recursive: true });
    const second = await place.start(fixture("commands"), flag, folder);
    process.kill(first.pid, "SIGTERM");
    await waitFor("the first one's end", () => !isAlive(first.pid));
    assert.equal((await place.ask<Status>("status", flag, folder)).pid, second.pid);
    assert.equal((await place.forkd("stop", flag, folder)).stdout, "commands: stopped\n");
  });
});

async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitFor("it to have stopped", () => processInfo(pid)?.state === "T");
}
