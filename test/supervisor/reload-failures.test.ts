import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { forkd, type LogRecord } from "../support/daemon.ts";
import { engine } from "../support/engine.ts";
import { childrenOf, descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { Reloadable } from "./reloadable.ts";

const startTimeout = "8s";
const flags = ["--start-timeout", startTimeout, "--idle-timeout", "off", "--log-level", "debug"];

interface Fault {
  /** Where it goes wrong, and how. */
  readonly fault?: string;
  readonly options?: object;
  readonly says: RegExp;
  readonly status?: number;
}

const own = /Error: as the test wants\n +at .*reloadable-parts/;
const hung = /^(forkd: )?The process that loads .* hung: it was not ready within startTimeout \(8s\)/;

const faults: Readonly<Record<string, Fault>> = {
  "throws while it loads": { fault: "load throws", says: own },
  "has a syntax error": { fault: "load hasSyntaxError", says: /part\.mjs:1\n[^]*SyntaxError: / },
  "exits while it loads": { fault: "load exits", says: /ended its process before it was ready: exit 7\./ },
  "blocks while it loads": { fault: "load blocks", says: hung },
  "awaits for long": { fault: "load waits", says: hung },
  "awaits what never comes": {
    fault: "load waitsForNothing",
    says: /ended its process before it was ready: exit \d+\./,
  },
  "throws in beforeFork": { fault: "beforeFork throws", says: own },
  "throws in afterFork": { fault: "afterFork throws", says: own },
  "has an option of no such value": { options: { sessionTimeout: "never" }, says: /sessionTimeout .*"never"/ },
  ...(engine === "fork" && { "leaves a timer": { fault: "load leavesTimer", says: /[^]*setTimeout|timer/ } }),
};

void test("the reload of a module that fails says why, and the old one goes on: if it", async (t) => {
  const reloadable = await start(t);
  const { daemon, folder } = reloadable;
  for (const [what, { fault = "", options = {}, says, status = 100 }] of Object.entries(faults)) {
    await t.test(what, async () => {
      await waitFor("a zygote alone", () => childrenOf(daemon.pid).length === 1);
      const [generation, told] = [(await reloadable.ask("id")).split(".")[0], daemon.log.length];
      const failed = await fail(reloadable, { fault, options: { ...usual, ...options } });
      assert.equal(failed.status, status, failed.stderr);
      assert.match(failed.stderr, says);
      assert.equal(failed.stdout, "");
      assert.equal((await reloadable.ask("id")).split(".")[0], generation);
      const since = (): LogRecord[] => daemon.log.slice(told);
      const { err } = await waitFor("the failure to be told", () =>
        since().find(({ msg }) => msg === "the reload failed; the old code goes on"),
      );
      assert.match(`${(err as Error).message}\n${(err as Error).stack}`, says);
      assert.ok(!since().some(({ msg }) => /zygote (ended|failed)/.test(msg)), "it is told once");
      assert.equal(childrenOf(daemon.pid).length, 1, "its zygote is gone");
      folder.write("version", what);
      assert.equal(await reloadable.reload(), Number(generation) + 2);
      assert.equal(await reloadable.ask("version"), what);
    });
  }
});

void test("an address that cannot be listened on: the reload says why, with status 111", async (t) => {
  const reloadable = await start(t);
  const taken = await listen(t);
  const failed = await fail(reloadable, { options: { ...usual, listen: [...usual.listen, `127.0.0.1:${taken}`] } });
  assert.equal(failed.status, 111, failed.stderr);
  assert.match(failed.stderr, /^forkd: Cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE /);
  assert.match(await reloadable.ask("id"), /^1\./);
});

void test("of twenty reloads that fail nothing is left", async (t) => {
  const reloadable = await start(t);
  const { daemon, folder, admin } = reloadable;
  const listening = [...usual.listen, "127.0.0.1:0", `unix:${join(folder.path, "other.sock")}`];
  const more = { ...usual, listen: listening };
  const failures = [
    { fault: "load throws", options: more },
    { fault: "beforeFork throws", options: more },
    { fault: "afterFork throws", options: more },
    { fault: "", options: { ...more, listen: [...listening, `127.0.0.1:${await listen(t)}`] } },
    { fault: "", options: { ...more, sessionTimeout: "never" } },
  ];
  const look = (): object => ({
    descriptors: kindsOf(daemon.pid),
    children: childrenOf(daemon.pid),
    files: readdirSync(folder.path).toSorted(),
    ofDaemon: readdirSync(join(folder.path, admin.name)).toSorted(),
  });
  folder.write("fault", "");
  folder.write("options", "{}");
  const before = look();
  for (let round = 0; round < 20; round++) {
    const { fault, options } = failures[round % failures.length] as (typeof failures)[number];
    folder.write("options", JSON.stringify(options));
    folder.write("fault", fault);
    await assert.rejects(reloadable.reload());
  }
  await waitFor(`all as it was, ${JSON.stringify(before)}, not ${JSON.stringify(look())}`, () => {
    return JSON.stringify(look()) === JSON.stringify(before);
  });
  assert.equal(daemon.log.filter(({ msg }) => msg === "the reload failed; the old code goes on").length, 20);
  assert.match(await reloadable.ask("id"), /^1\./);
});

const usual = { listen: ["127.0.0.1:0"] };

async function start(t: TestContext): Promise<Reloadable> {
  return Reloadable.startWith(t, { asModuleSays: true, options: usual }, "reloadable", ...flags);
}

/** The module is whole again then, for workers that are spawned. */
async function fail({ folder, admin }: Reloadable, { fault = "", options }: Partial<Fault>): ReturnType<typeof forkd> {
  folder.write("part.mjs", "let = ;\n");
  folder.write("options", JSON.stringify(options));
  folder.write("fault", fault);
  const result = await forkd("reload", admin.name, "--runtime-dir", folder.path);
  folder.write("options", JSON.stringify(usual));
  folder.write("fault", "");
  return result;
}

async function listen(t: TestContext): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** What descriptors a process has, without the numbers of sockets and pipes. */
const kindsOf = (pid: number): string[] =>
  [...descriptorsOf(pid).values()].map((target) => target.replace(/\[\d+\]/, "")).toSorted();
