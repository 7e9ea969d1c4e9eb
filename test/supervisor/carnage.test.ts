import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, descriptorsOf, isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, many, type Attempt } from "./conversation.ts";

const connections = 20_000;
const zygotesKilled = 20;
const workersKilled = 200;
/** The kills are spread over the load, but for its end. */
const servedPerKill = connections / (workersKilled + 10);
const spares = 12;
const flags = [
  "--idle-timeout",
  "off",
  "--restart-max-crashes",
  "1000",
  "--no-connection-log",
  "--spare-workers",
  `${spares}`,
];

void test("20 zygotes and 200 busy workers are killed under load: their clients are cut, and nobody else", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands-blocking"), ...flags);
  const done: Attempt[] = [];
  const load = many(connections, 24, async () => {
    done.push(await attempt(daemon.port, "pid\n"));
  });
  const victims: number[] = [];
  for (let kills = 1; kills <= workersKilled; kills++) {
    await waitFor("some to be served", () => done.length >= kills * servedPerKill);
    if (kills % (workersKilled / zygotesKilled) === 0) {
      process.kill(await waitFor("a zygote that forks", () => forkingZygote(daemon)), "SIGKILL");
    }
    victims.push(await waitFor("a busy worker that is killed", () => killBusyWorker(daemon, victims)));
  }
  assert.ok(done.length < connections, "the load lasted long enough");
  await load;
  const cut = done.filter(({ received, failure }) => failure !== undefined || !/^\d+\n$/.test(received));
  assert.ok(cut.every(({ failure }) => failure !== "ECONNREFUSED"));
  await waitFor("an entry for each who was cut", () => {
    const logged = peersOfKilled(daemon);
    return cut.filter(({ peer }) => !logged.has(peer)).length <= idleKilled(daemon);
  });
  await waitFor("nothing but a zygote and its spares to be left", () => {
    const [zygote = 0, ...others] = childrenOf(daemon.pid);
    const left = childrenOf(zygote);
    return others.length === 0 && left.length === spares && left.every(isAlive);
  });
});

const peersOfKilled = ({ log }: TestDaemon): Set<unknown> =>
  new Set(log.filter(({ reason }) => reason === "killed by SIGKILL").map(({ peer }) => peer));

/** Between accept(2) and the moment at which it is known to be busy a worker is killed as an idle one. */
const idleKilled = ({ log }: TestDaemon): number =>
  log.filter(({ msg }) => msg === "idle worker ended: killed by SIGKILL").length;

const forkingZygote = (daemon: TestDaemon): number | undefined =>
  childrenOf(daemon.pid).find((pid) => isAlive(pid) && childrenOf(pid).length > 0);

/** Kills a worker that holds one socket more than the listener. */
function killBusyWorker(daemon: TestDaemon, but: readonly number[]): number | undefined {
  const zygote = forkingZygote(daemon);
  if (zygote === undefined) return undefined;
  return childrenOf(zygote).find((pid) => !but.includes(pid) && isAlive(pid) && socketsOf(pid) > 1 && kill(pid));
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
