import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { cli, forkd } from "../support/daemon.ts";
import { Notified, socatIsMissing } from "../support/notified.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse } from "./conversation.ts";
import { ReloadFolder, Reloadable } from "./reloadable.ts";

const spares = 4;
const patient = ["--idle-timeout", "off", "--drain-timeout", "1h"];
const flags = ["--spare-workers", `${spares}`, ...patient, "--log-level", "debug"];
const isReloaded = ({ msg }: { readonly msg: string }): boolean => msg.startsWith("reloaded: ");

void test("forkd reload says which generation serves, and has nothing to say to a daemon that does not run", async (t) => {
  const { folder, daemon } = await Reloadable.start(t, ...flags);
  const reload = (): ReturnType<typeof forkd> => forkd("reload", "reloadable", "--runtime-dir", folder.path);
  assert.deepEqual(await reload(), { status: 0, stdout: "reloadable: generation 2 serves\n", stderr: "" });
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.equal((await reload()).status, 100);
});

void test("of two reloads that are asked for at once each is made", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const generations = await Promise.all([reloadable.reload(), reloadable.reload()]);
  assert.deepEqual(new Set(generations), new Set([2, 3]));
});

void test("reloads that are asked for during another are made after it, as one", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { folder } = reloadable;
  folder.write("load", "");
  const first = reloadable.reload();
  await reloadable.zygoteAtGate("load");
  folder.write("version", "1");
  const others = [reloadable.reload(), reloadable.reload()];
  await reloadable.admin.status(); // answered after them
  folder.remove("load");
  assert.equal(await first, 2);
  assert.deepEqual(await Promise.all(others), [3, 3]);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("Ctrl-C calls a reload off, and those that wait for their turn: the old code goes on", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  const { zygote } = daemon;
  await daemon.spares(spares); // a spawned one loads the module for itself
  folder.write("load", "");
  folder.write("version", "1");
  const command = spawn(process.execPath, [cli, "reload", "--runtime-dir", folder.path]);
  await reloadable.zygoteAtGate("load");
  const waiting = assert.rejects(reloadable.reload(), { code: "FORKD_E_CALLED_OFF" });
  await reloadable.admin.status(); // answered after it
  command.kill("SIGINT");
  const [stderr] = await Promise.all([text(command.stderr), waiting]);
  await waitFor("the command's end", () => command.exitCode !== null);
  assert.deepEqual([command.exitCode, stderr], [100, "forkd: The reload was called off: the old code goes on.\n"]);
  await daemon.waitForLog("it", ({ msg, level }) => level === "info" && msg.startsWith("the reload was called off"));
  folder.remove("load");
  assert.deepEqual([daemon.zygote, await reloadable.ask("version")], [zygote, "0"]);
  await assert.rejects(reloadable.admin.callOffReload(), { code: "FORKD_E_USAGE" });
  assert.equal(await reloadable.reload(), 3);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("a reload that is asked for while another fails is made", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { folder } = reloadable;
  folder.write("load", "");
  folder.write("fault", "load throws");
  const first = assert.rejects(reloadable.reload(), { code: "FORKD_E_MODULE_FAILED" });
  await reloadable.zygoteAtGate("load");
  const second = reloadable.reload();
  await reloadable.admin.status();
  folder.remove("load");
  await first;
  await assert.rejects(second, { code: "FORKD_E_MODULE_FAILED" });
  folder.write("fault", "");
  assert.equal(await reloadable.reload(), 4);
});

void test("SIGHUP to a daemon that starts has it reload when it serves", async (t) => {
  const folder = new ReloadFolder(t);
  folder.write("afterFork", "");
  const starting = folder.startWith(t, {}, "reloadable", ...flags);
  const supervisor = await waitFor("the supervisor", () => folder.supervisorOf("reloadable"));
  folder.write("version", "1");
  process.kill(supervisor, "SIGHUP");
  folder.remove("afterFork");
  const { daemon } = await starting;
  await daemon.waitForLog("the reload", isReloaded);
});

void test("a reload that is asked for while the zygote is replaced is made after that", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags, "--rotate-interval", "1ms");
  const { daemon, folder } = reloadable;
  folder.write("load", "");
  process.kill((await converse(daemon.port)).pid, "SIGSEGV");
  await reloadable.zygoteAtGate("load");
  const reload = reloadable.reload();
  await reloadable.admin.status();
  folder.remove("load");
  assert.equal(await reload, 3);
});

void test("a reload that is asked for while a crashed zygote is replaced is made after that", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  folder.write("load", "");
  process.kill(daemon.zygote, "SIGKILL");
  await reloadable.zygoteAtGate("load");
  const reload = reloadable.reload();
  await reloadable.admin.status();
  folder.remove("load");
  assert.equal(await reload, 3);
});

for (const now of [false, true]) {
  void test(`whoever waits for a reload is told that the daemon stops${now ? ", at once" : ""}`, async (t) => {
    const reloadable = await Reloadable.start(t, ...flags);
    const { daemon, folder, admin } = reloadable;
    folder.write("load", "");
    const reloads = [reloadable.reload(), reloadable.reload()].map((reload) =>
      assert.rejects(reload, { code: "FORKD_E_STOPPING" }),
    );
    await reloadable.zygoteAtGate("load");
    await admin.stop(now);
    await Promise.all(reloads);
    assert.equal(await daemon.ended(), 0);
    assert.ok(!daemon.log.some(({ msg }) => msg.startsWith("the reload failed")), "that was no trouble");
  });
}

void test("a daemon that drains does not reload, and says so", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  const { client } = await converse(daemon.port);
  daemon.signal("SIGTERM");
  await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
  await assert.rejects(reloadable.reload(), { code: "FORKD_E_STOPPING" });
  const { status, stderr } = await forkd("reload", "reloadable", "--runtime-dir", folder.path);
  assert.equal(status, 111, stderr);
  client.finish();
  assert.equal(await daemon.ended(), 0);
});

void test("a service manager is told of each reload, of one that fails too", { skip: socatIsMissing }, async (t) => {
  const folder = new ReloadFolder(t);
  const name = join(folder.path, "notify");
  const manager = await Notified.listen(t, name);
  const reloadable = await folder.startWith(t, { variables: { NOTIFY_SOCKET: name } }, "reloadable", ...flags);
  const { daemon } = reloadable;
  const since = Number(process.hrtime.bigint() / 1000n);
  daemon.signal("SIGHUP");
  await manager.hears("READY=1", 2);
  folder.write("fault", "load throws");
  daemon.signal("SIGHUP");
  await manager.hears("READY=1", 3);
  const [reloading, ready] = ["RELOADING=1", "READY=1"];
  const said = manager.assignments.filter((one) => !one.startsWith("STATUS="));
  const times = said.filter((one) => one.startsWith("MONOTONIC_USEC=")).map((one) => Number(one.split("=")[1]));
  assert.deepEqual(
    said.map((one) => one.replace(/=\d{2,}$/, "=…")),
    [ready, "MAINPID=…", reloading, "MONOTONIC_USEC=…", ready, reloading, "MONOTONIC_USEC=…", ready],
  );
  assert.ok(since <= (times[0] ?? 0) && (times[0] ?? 0) < (times[1] ?? 0));
  assert.equal(
    manager.assignments.findLast((one) => one.startsWith("STATUS=")),
    `STATUS=listening on ${daemon.addresses[0]}`,
  );
});
