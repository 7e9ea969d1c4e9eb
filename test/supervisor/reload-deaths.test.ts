import assert from "node:assert/strict";
import { test } from "node:test";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse, many, type Attempt } from "./conversation.ts";
import { Reloadable } from "./reloadable.ts";

const spares = 6;
const flags = [
  "--spare-workers",
  `${spares}`,
  "--idle-timeout",
  "off",
  "--drain-timeout",
  "1h",
  "--heartbeat-timeout",
  "1h",
  "--log-level",
  "debug",
];

void test("the old zygote is killed while the next one loads: that takes over", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  const load = loadOn(daemon.port, 1);
  const { reload } = await reloadUntilGate(reloadable, "load");
  process.kill(daemon.zygote, "SIGKILL");
  await daemon.waitForLog("its end", ({ msg }) => msg === "zygote ended: SIGKILL");
  folder.remove("load");
  assert.equal(await reload, 2);
  assert.equal(await reloadable.ask("version"), "1");
  await load.assertServed();
});

void test("the next zygote is killed while it loads: the old one goes on", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { daemon, folder } = reloadable;
  const load = loadOn(daemon.port, 1);
  const { reload, next } = await reloadUntilGate(reloadable, "load");
  process.kill(next, "SIGKILL");
  await assert.rejects(reload, { code: "FORKD_E_ZYGOTE", message: /was ended before it was ready: SIGKILL/ });
  folder.remove("load");
  assert.match(await reloadable.ask("id"), /^1\./);
  await load.assertServed();
});

void test("the next zygote is killed when the old one has been told to retire: another carries the reload through", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { reload, old, next } = await reloadUntilHandover(reloadable);
  process.kill(next, "SIGKILL");
  await reloadable.waitForState("serving");
  process.kill(old, "SIGCONT");
  assert.equal(await reload, 3);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("the old zygote is killed when it has been told to retire: the next one takes over", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { reload, old } = await reloadUntilHandover(reloadable);
  process.kill(old, "SIGKILL");
  assert.equal(await reload, 2);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("both are killed during the handover: another carries the reload through", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { reload, old, next } = await reloadUntilHandover(reloadable);
  process.kill(next, "SIGKILL");
  process.kill(old, "SIGKILL");
  assert.equal(await reload, 3);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("the next zygote is killed before its first worker is ready: another carries the reload through", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags);
  const { folder, daemon } = reloadable;
  const { reload, next } = await reloadUntilFirstWorker(reloadable);
  process.kill(next, "SIGKILL");
  await daemon.waitForLog("its end", ({ msg }) => msg === "zygote ended: SIGKILL");
  folder.remove("afterFork");
  assert.equal(await reload, 3);
  assert.equal(await reloadable.ask("version"), "1");
});

void test("the new zygote is killed while an old worker may still accept: that is no failure of the reload", async (t) => {
  const reloadable = await Reloadable.start(t, ...flags, "--connections-per-worker", "100");
  const { daemon, folder, admin } = reloadable;
  const { client, pid: standing } = await converse(daemon.port);
  client.finish();
  await client.rest();
  await waitFor("it to be idle", async () => (await admin.status()).workers?.busy === 0);
  const { reload, next } = await reloadUntilFirstWorker(reloadable);
  process.kill(standing, "SIGSTOP"); // not before the old zygote has ended: the kernel would have it go on
  folder.remove("afterFork");
  await daemon.waitForLog("that it takes over", ({ msg }) => msg === "a new zygote has taken over");
  process.kill(next, "SIGKILL");
  await daemon.waitForLog("its end", ({ msg }) => msg === "zygote ended: SIGKILL");
  await waitFor("yet another", async () => (await admin.status()).generation === 3);
  assert.ok(!daemon.log.some(({ msg }) => msg.startsWith("reloaded")));
  process.kill(standing, "SIGCONT");
  assert.equal(await reload, 2);
  await waitFor("it to leave", () => !isAlive(standing));
});

for (const gate of ["load", "handover"] as const) {
  void test(`the supervisor is killed during a reload, ${gate}: nothing is left`, async (t) => {
    const reloadable = await Reloadable.start(t, ...flags);
    const { reload, old } = await (gate === "load"
      ? reloadUntilGate(reloadable, gate)
      : reloadUntilHandover(reloadable));
    const rejection = assert.rejects(reload, { code: "FORKD_E_NOT_RUNNING" });
    reloadable.daemon.signal("SIGKILL");
    await rejection;
    await reloadable.daemon.gone();
    assert.ok(!isAlive(old));
    reloadable.folder.remove("load");
    const successor = await reloadable.folder.startWith(t, {}, "reloadable", ...flags);
    assert.equal(await successor.ask("version"), "1");
  });
}

interface Reload {
  readonly reload: Promise<number>;
  readonly old: number;
  readonly next: number;
}

/** Has version 1 loaded, by a zygote that is held up there. */
async function reloadUntilGate(reloadable: Reloadable, gate: string): Promise<Reload> {
  const { daemon, folder } = reloadable;
  const old = daemon.zygote;
  folder.write(gate, "");
  folder.write("version", "1");
  const reload = reloadable.reload();
  reload.catch(() => undefined); // who asks sees to it
  return { reload, old, next: await reloadable.zygoteAtGate(gate) };
}

/** Has it got ready, and the old zygote stand still so that it does not retire. */
async function reloadUntilHandover(reloadable: Reloadable): Promise<Reload> {
  const reload = await reloadUntilGate(reloadable, "load");
  process.kill(reload.old, "SIGSTOP");
  reloadable.folder.remove("load");
  await reloadable.waitForState("handingOver");
  return reload;
}

/** Has it fork, and holds up the workers. */
async function reloadUntilFirstWorker(reloadable: Reloadable): Promise<Reload> {
  const { daemon, folder } = reloadable;
  const reload = await reloadUntilHandover(reloadable);
  folder.write("afterFork", "");
  process.kill(reload.old, "SIGCONT");
  await daemon.waitForLog(
    "a worker of its",
    ({ msg, generation }) => msg === "at the gate afterFork" && generation === 2,
  );
  return reload;
}

/** Connections, one after another: `width` of them at once. */
function loadOn(port: number, width: number): { assertServed(): Promise<void> } {
  const over = new AbortController();
  const attempts: Attempt[] = [];
  const load = many(width, width, async () => {
    while (!over.signal.aborted) attempts.push(await attempt(port, "version\n"));
  });
  return {
    async assertServed() {
      over.abort();
      await load;
      for (const { received, failure } of attempts)
        assert.equal(`${received}${failure ?? ""}`.replace("1", "0"), "0\n");
    },
  };
}
