import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { AdminClient } from "../../dist/admin/client.js";
import { RuntimeFolder } from "../../dist/admin/runtime-folder.js";
import { exchange } from "../support/client.ts";
import { cli, fixture, forkd, TestDaemon } from "../support/daemon.ts";
import { descriptorsOf, hasSignal } from "../support/processes.ts";
import { runtimeDir } from "../support/runtime-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, type Attempt } from "./conversation.ts";

const upgrades = 5;
const mistake = 100;

/** A daemon, and what commands for it must be told. */
async function start(t: TestContext, module: string, ...flags: string[]) {
  const folder = join(runtimeDir, randomUUID());
  const daemon = await TestDaemon.startWith(t, { variables: { FORKD_RUNTIME_DIR: folder } }, module, ...flags);
  return { daemon, here: ["--runtime-dir", folder] };
}

for (const style of ["commands", "commands-blocking"]) {
  void test(`${upgrades} upgrades in a row under load refuse nobody, and drop nobody, ${style}`, async (t) => {
    const { daemon, here } = await start(t, fixture(style), "--idle-timeout", "off", "--drain-timeout", "1h");
    const over = new AbortController();
    const load = keepConnecting(daemon.port, over.signal);
    const descriptors: number[] = [];
    for (let generation = 1; generation <= upgrades; generation++) {
      const { client } = await converse(daemon.port);
      const { status, stdout, stderr } = await forkd("upgrade", ...here, "--json");
      assert.equal(status, 0, stderr);
      const { pid, upgrades: count } = JSON.parse(stdout) as { pid: number; upgrades: number };
      assert.deepEqual([pid, count], [daemon.pid, generation]);
      assert.match(await exchange(daemon.port, "id\n"), new RegExp(`^${generation + 1}\\.`), "new code serves");
      client.send("id\n");
      await waitFor("an answer of the old code", () => client.received.split("\n")[1]?.startsWith(`${generation}.`));
      client.finish();
      await client.rest();
      descriptors.push(descriptorsOf(daemon.pid).size);
    }
    over.abort();
    const attempts = await load;
    assert.ok(attempts.length > 100);
    assert.deepEqual(
      attempts.filter(({ received, failure }) => failure !== undefined || !/^\d+\n$/.test(received)),
      [],
    );
    assert.ok(Math.max(...descriptors.slice(1)) <= Number(descriptors[0]) + 2, descriptors.join(" "));
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
  });
}

void test("a daemon that was upgraded is stopped, reloaded and restarted as before", async (t) => {
  const { daemon, here } = await start(t, fixture("commands"));
  for (const command of ["upgrade", "reload", "upgrade", "restart", "upgrade"]) {
    const { status, stderr } = await forkd(command, ...here);
    assert.equal(status, 0, stderr);
  }
  assert.match(await exchange(await portOf(here), "id\n"), /^2\./, "of the second zygote since the restart");
  assert.equal((await forkd("stop", ...here)).status, 0);
  assert.equal(await daemon.ended(), 0);
});

void test("what does not run, or does not serve, does not come to be, and the daemon goes on", async (t) => {
  const folder = await temporaryFolder(t);
  const module = join(folder, "module.mjs");
  await writeFile(module, `export { default } from ${JSON.stringify(fixture("commands"))};\n`);
  const { daemon, here } = await start(t, module);
  const zygote = daemon.zygote;
  for (const [node, sentence] of [
    [
      "/bin/false",
      /^forkd: The daemon cannot become .* on \/bin\/false, and goes on as it is: it ended with status 1\.\n$/,
    ],
    ["/nowhere/node", /^forkd: .* goes on as it is: spawn \/nowhere\/node ENOENT\.\n$/],
  ] as const) {
    const { status, stderr } = await forkd("upgrade", ...here, "--node", node);
    assert.match(stderr, sentence);
    assert.equal(status, mistake);
  }
  await writeFile(module, "throw new RangeError('too far');\n");
  const { status, stderr } = await forkd("upgrade", ...here);
  assert.match(
    stderr,
    /^forkd: The daemon cannot become .*: The module .* could not be loaded\..*RangeError: too far\n/,
  );
  assert.equal(status, mistake);
  assert.equal(daemon.zygote, zygote);
  assert.match(await exchange(daemon.port, "id\n"), /^1\./);
});

void test("who ends well, and is no forkd, is not believed", async (t) => {
  const { daemon, here } = await start(t, fixture("commands"));
  const { status, stderr } = await forkd("upgrade", ...here, "--node", "/bin/true");
  assert.match(stderr, /goes on as it is: it ended with status 0\.\n$/);
  assert.equal(status, mistake);
  assert.match(await exchange(daemon.port, "id\n"), /^1\./);
});

void test("a log file that cannot be opened any more does not end a daemon that is upgraded", async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "logs"));
  const { daemon, here } = await start(t, fixture("commands"), "--log-file", join(folder, "logs", "x.log"));
  await rm(join(folder, "logs"), { recursive: true });
  const { status, stderr } = await forkd("upgrade", ...here);
  assert.equal(status, 0, stderr);
  assert.match(await exchange(daemon.port, "id\n"), /^2\./);
});

void test("signals that come while the next program loads are heeded", async (t) => {
  const { daemon, here } = await start(t, fixture("commands"));
  const program = programOf(daemon.pid);
  const upgrade = forkd("upgrade", ...here);
  const becoming = await daemon.waitForLog("the exec", ({ msg }) => msg.startsWith("the supervisor becomes"));
  assert.equal(becoming.level, "info");
  await waitFor("the other program", () => programOf(daemon.pid) !== program);
  for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
    await waitFor("its first line", () => hasSignal(daemon.pid, "SigCgt", constants.signals[signal]));
    daemon.signal(signal);
  }
  assert.equal((await upgrade).status, 0);
  await daemon.waitForLog("the reload", ({ msg, generation }) => msg.startsWith("reloaded") && generation === 3);
  await daemon.waitForLog("the report", ({ msg }) => msg === "status report");
  assert.doesNotMatch(daemon.stderr, /Debugger listening/);
});

void test("a restart may be taken back by a stop, and does not revive what stops", async (t) => {
  const { daemon, here } = await start(t, fixture("commands"), "--drain-timeout", "1h");
  const { client } = await converse(daemon.port);
  const restart = forkd("restart", ...here);
  await waitFor("the drain", async () => (await forkd("status", ...here)).stdout.includes("draining"));
  await new AdminClient("commands", new RuntimeFolder(here[1] as string, "commands")).stop(false);
  assert.match((await forkd("restart", ...here)).stderr, /The daemon stops/);
  client.send("pid\n");
  await waitFor("an answer", () => client.received.split("\n").length === 3);
  client.finish();
  assert.equal(await daemon.ended(), 0);
  assert.notEqual((await restart).status, 0);
});

void test("a program that is gone when it is to be, leaves the daemon what it was", async (t) => {
  const folder = await temporaryFolder(t);
  const node = join(folder, "node");
  await writeFile(node, `#!/bin/sh\nrm "$0"\nexec ${process.execPath} "$@"\n`);
  await chmod(node, 0o755);
  const { daemon, here } = await start(t, fixture("commands"));
  const { status, stderr } = await forkd("upgrade", ...here, "--node", node);
  assert.match(stderr, /serves as it did before/);
  assert.equal(status, mistake);
  await daemon.waitForLog(
    "why",
    ({ msg, err }) => msg.startsWith("the supervisor stays") && /ENOENT/.test(JSON.stringify(err)),
  );
  await waitFor("another zygote in the place of the one that had retired", async () =>
    (await exchange(daemon.port, "id\n")).startsWith("2."),
  );
});

void test("another forkd that keeps other accounts of workers says so, and takes none over", async (t) => {
  const file = join(await temporaryFolder(t), "handover");
  await writeFile(file, JSON.stringify({ format: "of the future", modulePath: "x.ts", flags: {} }));
  const command = `exec "$0" ${cli} resume 3 --try 3<${file}`;
  const { status, stderr } = spawnSync("sh", ["-c", command, process.execPath], { encoding: "utf8" });
  assert.equal(status, mistake);
  assert.match(stderr, /^forkd: It keeps account of workers in another way.*restart the daemon instead\.\n$/);
});

void test("a stop while the other program is tried ends both", async (t) => {
  const folder = await temporaryFolder(t);
  const node = join(folder, "node");
  await writeFile(node, `#!/bin/sh\ntouch ${folder}/tried\nexec sleep 600\n`);
  await chmod(node, 0o755);
  const { daemon, here } = await start(t, fixture("commands"));
  const upgrade = forkd("upgrade", ...here, "--node", node);
  await waitFor("the trial", () =>
    readFile(join(folder, "tried")).then(
      () => true,
      () => undefined,
    ),
  );
  daemon.signal("SIGTERM");
  assert.equal(await daemon.ended(), 0);
  assert.equal((await upgrade).status, mistake);
  await daemon.gone();
});

/** What is another one after each execve(2): where the kernel has put things, at random (getauxval(3)). */
const programOf = (pid: number): string => readFileSync(`/proc/${pid}/auxv`, "hex");

/** Short connections, a few at a time, as long as nobody says that it is over. */
async function keepConnecting(port: number, over: AbortSignal): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const one = async (): Promise<void> => {
    while (!over.aborted) attempts.push(await attempt(port, "pid\n"));
  };
  await Promise.all(Array.from({ length: 3 }, one));
  return attempts;
}

async function portOf(here: readonly string[]): Promise<number> {
  const { addresses } = JSON.parse((await forkd("status", ...here, "--json")).stdout) as { addresses: string[] };
  return Number(addresses[0]?.split(":").at(-1));
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}
