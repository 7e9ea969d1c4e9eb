import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { readLog } from "../support/log-file.ts";
import { type Command, Place } from "../support/place.ts";
import { descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const mistake = 100;
const patient = ["--drain-timeout", "1h", "--idle-timeout", "off"];

interface Stopped {
  readonly pid: number;
  readonly cut: number;
}

void suite("forkd stop", () => {
  void test("returns when nothing of the daemon is left, neither a process nor a file", async (t) => {
    const place = new Place(t);
    const { pid, log } = await place.start(fixture("commands"));
    assert.deepEqual(await place.ask("stop"), { name: "commands", pid, cut: 0, killed: false });
    assert.deepEqual(place.processes, []);
    assert.deepEqual(place.files, []);
    assert.match(readLog(log), /"msg":"stopped"}\n$/);
  });

  void test("lets connections finish, and waits for them", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("drain-watcher"), ...patient);
    const client = await Client.open(port);
    client.send("wait\n");
    await client.receives("waiting\n");
    const impatient = place.spawn("stop");
    const left = place.outcomeOf(impatient);
    await once(impatient.stderr, "data");
    impatient.kill("SIGINT");
    const way =
      'forkd: The daemon drain-watcher goes on stopping: "forkd stop drain-watcher --now" does not wait for it.';
    assert.equal((await left).stderr.split("\n")[1], way);
    assert.equal(impatient.signalCode, "SIGINT");
    const patientOne = place.spawn("stop");
    const stop = place.outcomeOf(patientOne);
    await once(patientOne.stderr, "data");
    await client.receives("FORKD_E_DRAINING\n");
    assert.deepEqual((await place.ask<{ drain: unknown }>("status")).drain !== null, true);
    client.send("pid\n");
    client.finish();
    assert.match(await client.rest(), /^waiting\nFORKD_E_DRAINING\n\d+\n$/);
    const { status, stdout, stderr } = await stop;
    assert.deepEqual([status, stdout], [0, "drain-watcher: stopped\n"]);
    assert.match(stderr, /^drain-watcher: waiting for 1 connection, the oldest \w+ old; \d+min \d+s left\n/);
    assert.deepEqual(place.processes, []);
  });

  void test("cuts off after drainTimeout who ignores it, and says how many", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("hostile"), "--drain-timeout", "500ms", "--idle-timeout", "off");
    for (let count = 0; count < 2; count++) await (await ignoring(port)).receives("ignoring\n");
    const { status, stdout } = await place.forkd("stop", "hostile");
    assert.deepEqual([status, stdout], [0, "hostile: stopped, cutting off 2 connections\n"]);
    assert.deepEqual(place.processes, []);
    assert.deepEqual(place.files, []);
  });

  void test("--now waits for nobody", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("hostile"), ...patient);
    await (await ignoring(port)).receives("ignoring\n");
    assert.equal((await place.ask<Stopped>("stop", "--now")).cut, 1);
    assert.deepEqual(place.processes, []);
  });

  void test("--now ends a drain that is under way, for both who wait", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("hostile"), ...patient);
    await (await ignoring(port)).receives("ignoring\n");
    const first = place.ask<Stopped>("stop");
    await waitFor("the drain", async () => (await place.ask<{ drain: unknown }>("status")).drain !== null);
    assert.equal((await place.ask<Stopped>("stop", "--now")).cut, 1);
    await first;
    assert.deepEqual(place.processes, []);
  });

  void test("asked twice at the same time drains once, and both see the end", async (t) => {
    const place = new Place(t);
    const { port, log } = await place.start(fixture("drain-watcher"), ...patient);
    const client = await Client.open(port);
    client.send("wait\n");
    await client.receives("waiting\n");
    const commands = [place.spawn("stop"), place.spawn("stop", fixture("drain-watcher"))];
    const outcomes = commands.map((command) => place.outcomeOf(command));
    const lock = join(place.runtimeDir, "drain-watcher", "pid");
    const watches = ({ pid = 0 }: Command): boolean => [...descriptorsOf(pid).values()].includes(lock);
    await waitFor("both to watch the daemon", () => commands.every(watches));
    await client.receives("FORKD_E_DRAINING\n");
    client.send("pid\n");
    client.finish();
    assert.match(await client.rest(), /\n\d+\n$/);
    for (const { status, stdout } of await Promise.all(outcomes))
      assert.deepEqual([status, stdout], [0, "drain-watcher: stopped\n"]);
    assert.ok(!readLog(log).includes("drain timeout"));
  });

  void test("of what does not run is a mistake", async (t) => {
    const place = new Place(t);
    const nothing = await place.forkd("stop");
    const sentence = `forkd: No daemon runs here: looked for in ${place.runtimeDir}; see --runtime-dir.\n`;
    assert.deepEqual(nothing, { status: mistake, stdout: "", stderr: sentence });
    await place.start(fixture("commands"));
    const other = await place.forkd("stop", "greeter");
    const others = "forkd: No daemon called greeter runs here: those that do: commands.\n";
    assert.deepEqual(other, { status: mistake, stdout: "", stderr: others });
  });

  void test("of several must be told which", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("commands"), "--name", "one");
    await place.start(fixture("commands"), "--name", "two");
    for (const command of ["stop", "status", "reload", "connections", "logs", "wait"]) {
      const { status, stderr } = await place.forkd(command);
      const sentence = "forkd: Several daemons run: say which of them is meant, one, two.\n";
      assert.deepEqual([status, stderr], [mistake, sentence], command);
    }
    assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
  });

  void test("refuses a flag that it does not know, and names its own help", async (t) => {
    const { status, stderr } = await new Place(t).forkd("stop", "--nwo");
    const sentence = "forkd: Unknown option '--nwo'; did you mean --now? See: forkd stop --help\n";
    assert.deepEqual([status, stderr], [mistake, sentence]);
  });
});

async function ignoring(port: number): Promise<Client> {
  const client = await Client.open(port);
  client.send("ignoreAll\n");
  return client;
}
