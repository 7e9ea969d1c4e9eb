import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { suite, test } from "node:test";
import type { ConnectionInfo, Status } from "../../dist/admin/api.js";
import { Client, exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { recordsIn } from "../support/log-file.ts";
import { Place } from "../support/place.ts";
import { childrenOf, isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const mistake = 100;

void suite("forkd status", () => {
  void test("shows what the daemon does, and what became of its connections", async (t) => {
    const place = new Place(t);
    const { pid, addresses, log, port } = await place.start(fixture("commands"), "--max-connections", "7");
    await exchange(port, "pid\n");
    await exchange(port, "throw\n");
    const busy = await connected(port);
    const isCounted = ({ connections: { ended }, workers, lastError }: Status): boolean =>
      ended["handler error"] === 1 && ended["completed"] === 1 && workers?.busy === 1 && lastError !== null;
    const status = await waitFor("the ends to be counted", async () => {
      const found = await place.ask<Status>("status");
      return isCounted(found) ? found : undefined;
    });
    const { name, state, generation, workers, connections, module, engine, logFile, drain, restarts } = status;
    assert.deepEqual(
      { name, state, generation, pid: status.pid },
      { name: "commands", state: "serving", generation: 1, pid },
    );
    assert.deepEqual([status.addresses, module, logFile], [addresses, fixture("commands"), log]);
    assert.deepEqual([engine, drain, restarts], ["fork", null, 0]);
    assert.deepEqual([workers?.busy, workers?.max, connections.accepted], [1, 7, 3]);
    assert.equal(connections.ended["completed"], 1);
    assert.ok(status.memory.supervisorBytes > 0 && status.memory.zygoteBytes > 0);
    assert.match(status.lastError?.message ?? "", /handler/);
    busy.close();
  });

  void test("tells the last error, also one that the supervisor has to tell", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    for (const zygote of childrenOf(pid)) process.kill(zygote, "SIGKILL");
    const message = async () => (await place.ask<Status>("status")).lastError?.message;
    await waitFor("the error", async () => (await message()) === "zygote ended: SIGKILL");
  });

  void test("says it in words, too, by whichever name", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    for (const name of [[], ["commands"], [fixture("commands")], [relative(".", fixture("commands"))]]) {
      const { status, stdout } = await place.forkd("status", ...name);
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^commands {5}serving, pid ${pid}, for \\d+`));
      assert.match(stdout, /^last error {3}none$/m);
    }
  });
});

void suite("a daemon that is named by its module's path", () => {
  void test("is no other's, though that has the name", async (t) => {
    const place = new Place(t);
    const { pid } = await place.start(fixture("commands"));
    for (const command of ["status", "stop", "reload", "logs", "wait"]) {
      const { status, stderr } = await place.forkd(command, "elsewhere/commands.js");
      const sentence =
        `forkd: No daemon runs here with the module ${resolve("elsewhere/commands.js")}: the one called commands has ` +
        `${fixture("commands")}. If that is meant, say "commands".\n`;
      assert.deepEqual([status, stderr], [mistake, sentence], command);
    }
    assert.ok(isAlive(pid));
  });

  void test("is found though it is called otherwise, and by a link", async (t) => {
    const place = new Place(t);
    const link = join(place.folder, "linked.js");
    symlinkSync(fixture("commands"), link);
    const { pid } = await place.start(fixture("commands"), "--name", "other");
    for (const path of [fixture("commands"), link]) assert.equal((await place.ask<Status>("status", path)).pid, pid);
    assert.equal((await place.forkd("reload", link)).status, 0);
    assert.equal((await place.ask<Status>("status", link)).generation, 2, "known after a reload, too");
  });
});

void test("forkd status tells where the module is, though it was started by a relative path", async (t) => {
  const place = new Place(t);
  place.spawn("run", relative(process.cwd(), fixture("commands")), "--listen", "127.0.0.1:0");
  await place.forkd("wait", "commands");
  assert.equal((await place.ask<Status>("status")).module, fixture("commands"));
});

void suite("forkd list", () => {
  void test("says that there is none", async (t) => {
    const place = new Place(t);
    assert.deepEqual(await place.forkd("list"), { status: 0, stdout: "No daemon runs.\n", stderr: "" });
    assert.deepEqual(await place.ask("list"), []);
  });

  void test("shows each, and one that does not get on as well", async (t) => {
    const place = new Place(t);
    const one = await place.start(fixture("commands"), "--name", "one");
    const two = await place.start(fixture("commands"), "--name", "two");
    process.kill(two.pid, "SIGSTOP");
    const asked = place.forkd("status", "two"); // whose patience is longer
    const { status, stdout } = await place.forkd("list");
    const [head, first, second, ...rest] = stdout.split("\n");
    assert.equal(status, 0);
    assert.match(head ?? "", /^NAME +PID +STATE +BUSY +FOR +ADDRESSES$/);
    assert.match(first ?? "", new RegExp(`^one +${one.pid} +serving +0/100 +\\S+.* ${one.addresses.join()}$`));
    assert.match(second ?? "", new RegExp(`^two +${two.pid} +not answering$`));
    assert.deepEqual(rest, [""]);
    const { stderr } = await asked;
    assert.match(
      stderr,
      /^forkd: The daemon two has not answered for 10s: its supervisor, pid \d+, is stopped or hangs\./,
    );
  });
});

void suite("forkd connections", () => {
  void test("lists those that are served, the oldest first", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("commands"));
    assert.equal((await place.forkd("connections")).stdout, "No connection is being served.\n");
    const clients = [await connected(port), await connected(port)];
    const connections = await place.ask<ConnectionInfo[]>("connections");
    const pids = clients.map(({ received }) => Number(received));
    assert.deepEqual(
      connections.map(({ pid }) => pid),
      pids,
    );
    assert.ok((connections[0]?.ageMs ?? 0) >= (connections[1]?.ageMs ?? 0));
    const [{ id, peer, state, generation }] = connections as [ConnectionInfo];
    assert.match(id, /^1\.\d+\.1$/);
    assert.equal(peer, `127.0.0.1:${clients[0]?.socket.localPort}`);
    assert.deepEqual([state, generation], ["busy", 1]);
    const { stdout } = await place.forkd("connections");
    assert.match(stdout, /^ID +PID +PEER +AGE +IDLE +IN +OUT +STATE\n1\.\d+\.1 +\d+ +127\.0\.0\.1:\d+ /);
    for (const client of clients) client.close();
  });
});

void suite("forkd kill", () => {
  void test("has a handler finish", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("drain-watcher"), "--drain-timeout", "1h");
    const client = await Client.open(port);
    client.send("wait\n");
    await client.receives("waiting\n");
    const [{ id, pid }] = (await place.ask<ConnectionInfo[]>("connections")) as [ConnectionInfo];
    assert.equal((await place.forkd("kill", id)).stdout, `${id}: pid ${pid} is told to finish\n`);
    await client.receives("FORKD_E_DRAINING\n");
    assert.deepEqual(await place.ask("kill", id), { id, pid }, "a second time changes nothing");
    client.send("pid\n");
    client.finish();
    assert.match(await client.rest(), /\n\d+\n$/);
    assert.match(await exchange(port, "pid\n"), /^\d+\n$/, "others are served");
  });

  void test("is enforced after drainTimeout on one that has taken SIGTERM for itself", async (t) => {
    const place = new Place(t);
    const { port, log } = await place.start(fixture("hostile"), "--idle-timeout", "off", "--drain-timeout", "500ms");
    const client = await Client.open(port);
    client.send("ignoreAll\n");
    await client.receives("ignoring\n");
    const [{ id, pid }] = (await place.ask<ConnectionInfo[]>("connections")) as [ConnectionInfo];
    assert.deepEqual(await place.ask("kill", id), { id, pid });
    await client.rest();
    const enforced = "a worker does not heed its deadline, and is killed";
    await waitFor("the log to tell", () => recordsIn(log).some(({ msg, pid: its }) => msg === enforced && its === pid));
  });

  void test("--now kills the process of one that ignores everything", async (t) => {
    const place = new Place(t);
    const { port, log } = await place.start(fixture("hostile"), "--idle-timeout", "off");
    const client = await Client.open(port);
    client.send("ignoreAll\n");
    await client.receives("ignoring\n");
    const [{ id, pid }] = (await place.ask<ConnectionInfo[]>("connections")) as [ConnectionInfo];
    assert.equal((await place.forkd("kill", id, "hostile", "--now")).stdout, `${id}: pid ${pid} is killed\n`);
    await client.rest();
    await waitFor("its end", () => !isAlive(pid));
    const end = await waitFor("the log to tell", () =>
      recordsIn(log).find(({ pid: its, reason }) => its === pid && reason),
    );
    assert.deepEqual([end["reason"], end["level"], end["signal"]], ["terminated", "warn", "SIGKILL"]);
    const { ended } = (await place.ask<Status>("status")).connections;
    assert.deepEqual([ended["terminated"], ended["killed"]], [1, 0]);
  });

  void test("does not know a connection that is not there", async (t) => {
    const place = new Place(t);
    await place.start(fixture("commands"));
    for (const id of ["9.9.9", "../x", "%"]) {
      const { status, stdout, stderr } = await place.forkd("kill", id);
      const sentence = `forkd: There is no connection ${id}: "forkd connections" lists those there are.\n`;
      assert.deepEqual([status, stdout, stderr], [mistake, "", sentence]);
    }
  });
});

/** A client whose worker has told its pid. */
async function connected(port: number): Promise<Client> {
  const client = await Client.open(port);
  client.send("pid\n");
  await client.receives("\n");
  return client;
}
