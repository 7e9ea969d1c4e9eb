import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { ask } from "../support/ask.ts";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

interface Identity {
  readonly pid: number;
  readonly parent: number;
  readonly kernel: { readonly pid: number; readonly parent: number };
}

type Memory = Readonly<Record<"rss" | "heapUsed" | "heapTotal" | "alone" | "kernel", number>>;

void test("a forked worker is a whole Node", async (t) => {
  const { port, zygote } = await TestDaemon.start(t, fixture("whole-node"));

  await t.test("pid and ppid are what the kernel says, and no two workers' pids are the same", async () => {
    const told = await Promise.all(Array.from({ length: 10 }, () => ask<Identity>(port, "identity")));
    for (const { pid, parent, kernel } of told) assert.deepEqual({ pid, parent }, kernel);
    assert.ok(told.every(({ parent }) => parent === zygote));
    assert.equal(new Set(told.map(({ pid }) => pid)).size, 10);
  });

  await t.test("nothing odd meets the eye: flags, arguments, variables, globals", async () => {
    assert.deepEqual(await ask(port, "surroundings"), {
      execArgv: [],
      argv0: process.execPath,
      module: fixture("whole-node"),
      parameters: [],
      odd: Object.keys(process.env).filter((name) => name.startsWith("LD_") || name.startsWith("NODE_")),
      gc: "undefined",
      cwd: process.cwd(),
    });
  });

  await t.test("process.title is the worker's own", async () => {
    assert.deepEqual(await ask(port, "title", "mine"), { title: "mine", kernel: "mine" });
    assert.match(readFileSync(`/proc/${zygote}/cmdline`, "latin1"), /^forkd: zygote/);
  });

  await t.test("process.memoryUsage() is of this process", async () => {
    const { rss, heapUsed, heapTotal, alone, kernel } = await ask<Memory>(port, "memory");
    assert.ok(heapUsed > 0 && heapUsed <= heapTotal && heapTotal < rss);
    for (const told of [rss, alone]) assert.ok(Math.abs(told - kernel) < 0.25 * kernel, `${told} is not ${kernel}`);
  });

  await t.test("what node:os and process tell of the system", async () => {
    const told = await ask<Record<string, unknown>>(port, "system");
    const expected = {
      hostname: os.hostname(),
      cpus: os.cpus().length,
      parallelism: os.availableParallelism(),
      memory: os.totalmem(),
      priority: os.getPriority(),
      user: os.userInfo().uid,
      interfaces: Object.keys(os.networkInterfaces()),
      umask: process.umask(),
    };
    assert.deepEqual({ ...told, ...expected }, told);
    for (const name of ["maxRss", "cpu", "uptime"]) assert.ok((told[name] as number) > 0, name);
  });

  await t.test("ticks, microtasks, immediates and timeouts come in their order", async () => {
    assert.deepEqual(await ask(port, "order"), ["callback", "tick", "microtask", "immediate", "timeout"]);
  });

  await t.test("timers fire when they are due, and not once cleared", async () => {
    assert.deepEqual(await ask(port, "timers"), ["10", "20", "30"]);
  });

  await t.test("a signal to oneself is heard", async () => {
    for (const name of ["SIGUSR2", "SIGHUP", "SIGWINCH"]) assert.equal(await ask(port, "signalToOneself", name), name);
  });

  await t.test(
    "a signal from elsewhere is heard, by a listener of the zygote's days, in this worker alone",
    async () => {
      const [one, other] = [await Client.open(port), await Client.open(port)];
      for (const client of [one, other]) {
        client.send('["identity"]\n');
        await client.receives("\n");
      }
      one.send('["signalHeard"]\n');
      process.kill((JSON.parse(one.received) as { value: Identity }).value.pid, "SIGUSR2");
      await one.receives('{"value":"SIGUSR2"}\n');
      other.send('["order"]\n');
      await other.receives("timeout");
      for (const client of [one, other]) client.close();
    },
  );

  await t.test("AsyncLocalStorage keeps its store", async () => {
    assert.deepEqual(await ask(port, "context"), ["kept", "kept", "kept", "kept"]);
  });

  await t.test("files are written, read and watched", async (inner) => {
    assert.equal(await ask(port, "files"), "written");
    assert.equal(await ask(port, "watch", await temporaryFile(inner, "")), "change");
  });

  await t.test("the threadpool works: crypto, zlib, dns", async () => {
    assert.deepEqual(await ask(port, "threadpool"), {
      derived: "0c60c80f961f0e71f3a9b524af6012062fe037a6", // RFC 6070
      stretched: "77d6576238657b203b19ca42c18a0497", // RFC 7914
      zip: true,
      address: (await import("node:dns/promises").then(({ lookup }) => lookup("localhost"))).address,
      key: "ec",
      digest: true,
    });
  });

  await t.test("streams are piped", async (inner) => {
    const path = await temporaryFile(inner, "x".repeat(3_000_000));
    assert.equal(await ask(port, "streams", path), createHash("sha256").update(readFileSync(path)).digest("hex"));
  });

  await t.test("fetch", async (inner) => {
    assert.deepEqual(await ask(port, "fetch", await echoServer(inner)), [201, "asked and answered"]);
  });

  await t.test("a server within the worker", async () => assert.equal(await ask(port, "ownServer"), true));

  await t.test("import() of a file and of a builtin", async () => {
    const [late, dgram] = await ask<string[]>(port, "import");
    assert.match(late ?? "", /^loaded by \d+$/);
    assert.notEqual(late, `loaded by ${zygote}`);
    assert.equal(dgram, "function");
  });

  await t.test("WebAssembly", async () => assert.deepEqual(await ask(port, "wasm"), [42, 42]));

  await t.test("garbage is collected, beside a large heap that lives", async () => {
    const { live, heapUsed } = await ask<{ live: number; heapUsed: number }>(port, "heap", 100, 600);
    assert.equal(live, 100);
    assert.ok(heapUsed > 100 * 2 ** 20, `${heapUsed} is less than what lives`);
    assert.ok(heapUsed < 500 * 2 ** 20, `${heapUsed} is more than if any garbage had been collected`);
  });

  await t.test("finalizers are called", async () => assert.equal(await ask(port, "finalized"), "collected"));

  await t.test("Atomics wait", async () => {
    assert.deepEqual(await ask(port, "atomics"), ["timed-out", "timed-out"]);
  });

  await t.test("hot code is optimised", async () => {
    const { calls, steps } = await ask<{ calls: number; steps: number }>(port, "hot");
    assert.equal(steps, 111);
    assert.ok(calls !== null, "never optimised");
  });

  await t.test("the inspector is opened, answers, and is closed", async () => {
    const { url, version, after } = await ask<Record<string, string>>(port, "inspector");
    assert.match(url ?? "", /^ws:\/\/127\.0\.0\.1:\d+\//);
    assert.equal(version, `node.js/${process.version}`);
    assert.equal(after, "closed");
  });

  await t.test("profiles, heap snapshots and reports are taken", async () => {
    assert.equal(await ask(port, "profile"), true);
    assert.equal(await ask(port, "snapshot"), true);
    assert.notEqual(await ask(port, "report"), zygote);
  });
});

void test("the blocking style has what Node can do without its event loop", async (t) => {
  const { port, zygote } = await TestDaemon.start(t, fixture("whole-node-blocking"));

  await t.test("identity", async () => {
    const { pid, parent, kernel } = await ask<Identity>(port, "identity");
    assert.deepEqual({ pid, parent }, kernel);
    assert.equal(parent, zygote);
  });

  await t.test("files, crypto, zlib", async (inner) => {
    const path = await temporaryFile(inner, "x".repeat(3_000_000));
    assert.deepEqual(await ask(port, "blocking", path), {
      digest: createHash("sha256").update(readFileSync(path)).digest("hex"),
      derived: "0c60c80f961f0e71f3a9b524af6012062fe037a6",
      zip: true,
      key: "ec",
      wasm: 42,
    });
  });

  await t.test("garbage is collected, hot code is optimised", async () => {
    const { heapUsed } = await ask<{ heapUsed: number }>(port, "heap", 100, 600);
    assert.ok(heapUsed > 100 * 2 ** 20 && heapUsed < 500 * 2 ** 20, `${heapUsed} MiB`);
    assert.ok((await ask<{ calls: number | null }>(port, "hot")).calls !== null, "never optimised");
  });
});

async function temporaryFile(t: TestContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "file"), content);
  return join(folder, "file");
}

async function echoServer(t: TestContext): Promise<string> {
  const server = createServer(async (request, response) => {
    response.statusCode = 201;
    response.end(`${await text(request)} and answered`);
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
