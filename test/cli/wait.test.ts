import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { type Command, Place } from "../support/place.ts";
import { descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const mistake = 100;
const timeIsUp = 1;
const isSo = { status: 0, stdout: "It is so.\n", stderr: "" };

void suite("forkd wait", () => {
  void test("until the daemon is ready", async (t) => {
    const place = new Place(t);
    const gate = join(place.folder, "gate");
    writeFileSync(gate, "");
    place.variables["TEST_GATE"] = gate;
    const start = place.start(fixture("gated"));
    const early = await place.forkd("wait", "--ready", "--timeout", "100ms");
    const sentence = "forkd: Within 100ms it did not come true that the daemon is ready.\n";
    assert.deepEqual([early.status, early.stdout], [timeIsUp, ""]);
    assert.ok(early.stderr.endsWith(sentence), early.stderr);
    const waiting = place.forkd("wait", "gated");
    rmSync(gate);
    const { status, stdout } = await waiting; // that there is no such daemon yet may have been said meanwhile
    assert.deepEqual([status, stdout], [0, isSo.stdout]);
    await start;
    assert.deepEqual(await place.ask("wait", "--ready"), { waited: true });
  });

  void test("until so many connections are served", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("commands"), "--idle-timeout", "off");
    const first = await Client.open(port);
    assert.deepEqual(await place.forkd("wait", "--connections", ">=1"), isSo);
    const waiting = place.forkd("wait", "commands", "--connections", "2");
    const second = await Client.open(port);
    assert.deepEqual(await waiting, isSo);
    const inVain = await place.forkd("wait", "commands", "--connections", "==0", "--timeout", "1ms");
    const sentence = "forkd: Within 1ms it did not come true that commands serves ==0 connections.\n";
    assert.deepEqual(inVain, { status: timeIsUp, stdout: "", stderr: sentence });
    const emptied = place.forkd("wait", "--connections", "<1");
    for (const client of [first, second]) client.close();
    assert.deepEqual(await emptied, isSo);
  });

  void test("for a daemon that does not run yet, and says so", async (t) => {
    const place = new Place(t);
    const { status, stderr } = await place.forkd("wait", "typo", "--timeout", "1ms");
    const inVain = "forkd: Within 1ms it did not come true that typo is ready.\n";
    const missing = `forkd: No daemon called typo runs here: looked for in ${place.runtimeDir}; see --runtime-dir.`;
    assert.deepEqual([status, stderr], [timeIsUp, `${missing} It is waited for.\n${inVain}`]);
  });

  void test("not for a daemon that has stopped meanwhile", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    process.kill(pid, "SIGSTOP"); // so that it is seen to be asked
    const command = place.spawn("wait", "--connections", ">=1");
    const waiting = place.outcomeOf(command);
    await waitFor("the daemon to be asked", () => socketsOf(command) > 2);
    process.kill(pid, "SIGCONT");
    await place.forkd("stop", "--now");
    const sentence = "forkd: It cannot come true that commands serves >=1 connections: the daemon has stopped.\n";
    assert.deepEqual(await waiting, { status: mistake, stdout: "", stderr: sentence });
  });

  void test("until nothing is left", async (t) => {
    const place = new Place(t);
    await place.start(fixture("commands"));
    assert.equal((await place.forkd("wait", "--stopped", "--timeout", "1ms")).status, timeIsUp);
    const waiting = place.forkd("wait", "--stopped", "commands");
    await place.forkd("stop");
    assert.deepEqual(await waiting, isSo);
    assert.deepEqual(place.processes, []);
    assert.deepEqual(await place.forkd("wait", "--stopped"), isSo);
  });

  for (const [args, says] of [
    ["--connections many", /^forkd: --connections must be a number behind ">=", .*; received "many"\. In a shell /],
    ["--timeout 10", /^forkd: --timeout must be a duration such as .*; received "10"\./],
    [
      "--ready --stopped",
      /^forkd: Option '--ready' cannot be used with option '--stopped'\. See: forkd wait --help\n$/,
    ],
  ] as const) {
    void test(`refuses ${args}`, async (t) => {
      const { status, stderr } = await new Place(t).forkd("wait", ...args.split(" "));
      assert.match(stderr, says);
      assert.equal(status, mistake);
    });
  }
});

/** Its standard output and standard error are two. */
const socketsOf = ({ pid = 0 }: Command): number =>
  [...descriptorsOf(pid).values()].filter((target) => target.startsWith("socket:")).length;
