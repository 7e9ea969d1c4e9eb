import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, descriptorsOf, isAlive, processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, many, type Attempt } from "./conversation.ts";

const connections = 20_000;
const zygotesKilled = 20;
const workersKilled = 200;
const flags = ["--idle-timeout", "off", "--restart-max-crashes", "1000", "--spare-workers", "12"];

void test("20 zygotes and 200 busy workers are killed under load: their clients are cut, and nobody else", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const done: Attempt[] = [];
  const load = many(connections, 24, async () => {
    done.push(await attempt(daemon.port, "pid\n"));
  });
  for (let generation = 1; generation <= zygotesKilled; generation++) {
    process.kill(await waitFor("a zygote that forks", () => forkingZygote(daemon)), "SIGKILL");
    const served = done.length + 100;
    await waitFor("some to be served", () => done.length >= served || done.length === connections);
  }
  const victims: number[] = [];
  while (victims.length < workersKilled && done.length < connections) {
    const victim = await waitFor("a busy worker", () => busyWorker(daemon, victims) ?? done.length === connections);
    if (typeof victim === "number" && kill(victim)) victims.push(victim);
  }
  await load;
  assert.equal(victims.length, workersKilled, "the load lasted long enough");
  const cut = done.filter(({ received, failure }) => failure !== undefined || !/^\d+\n$/.test(received));
  assert.ok(cut.every(({ failure }) => failure !== "ECONNREFUSED"));
  await waitFor(
    "an entry for each who was cut",
    () => cut.filter((one) => !isLogged(daemon, one)).length <= idleKilled(daemon),
  );
  await waitFor("nothing but a zygote and its spares to be left", () => {
    const [zygote = 0, ...others] = childrenOf(daemon.pid);
    return others.length === 0 && childrenOf(zygote).length === 12;
  });
  assert.deepEqual(
    daemon.processes.filter((pid) => processInfo(pid)?.state === "Z"),
    [],
  );
});

const isLogged = ({ log }: TestDaemon, { peer }: Attempt): boolean =>
  log.some((record) => record["peer"] === peer && record["reason"] === "killed by SIGKILL");

/** Between accept(2) and the moment at which it is known to be busy a worker is killed as an idle one. */
const idleKilled = ({ log }: TestDaemon): number =>
  log.filter(({ msg }) => msg === "idle worker ended: killed by SIGKILL").length;

const forkingZygote = (daemon: TestDaemon): number | undefined =>
  childrenOf(daemon.pid).find((pid) => isAlive(pid) && childrenOf(pid).length > 0);

/** A worker that holds one socket more than the listener. */
function busyWorker(daemon: TestDaemon, but: readonly number[]): number | undefined {
  const zygote = forkingZygote(daemon);
  if (zygote === undefined) return undefined;
  return childrenOf(zygote).find((pid) => !but.includes(pid) && isAlive(pid) && socketsOf(pid) > 1);
}

function socketsOf(pid: number): number {
  try {
    return [...descriptorsOf(pid).values()].filter((target) => target.startsWith("socket:")).length;
  } catch {
    return 0; // it has ended meanwhile
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
