import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, forkd, TestDaemon } from "../support/daemon.ts";
import { processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

/** Some over what a worker has from the start: Node 24 and later have half a gigabyte of it reserved for code. */
const memory = ["--limits-memory", Number.parseInt(process.versions.node, 10) < 24 ? "100MiB" : "620MiB"];
const styles = ["breaks-limits", "breaks-limits-blocking"];

/** What breaks a limit; `err` is what its stack begins with, where JavaScript hears of it. */
const cases: readonly { reason: string; flags: readonly string[]; commands: readonly string[]; err?: string }[] = [
  {
    reason: "memory limit",
    flags: memory,
    commands: ["objects", "growingArray", "hugeString", "strings", "buffers", "smallBuffers"],
  },
  { reason: "memory limit", flags: memory, commands: ["bigBuffer"], err: "RangeError: Array buffer allocation failed" },
  { reason: "memory limit", flags: memory, commands: ["wasm"], err: "RangeError: WebAssembly.Memory()" },
  { reason: "cpu limit", flags: ["--limits-cpu", "1s"], commands: ["spin"] },
  { reason: "open files limit", flags: ["--limits-open-files", "40"], commands: ["files"], err: "Error: EMFILE" },
];

for (const style of styles) {
  void suite(`${style}: whoever goes past a limit is ended and named, and no neighbour notices`, () => {
    for (const { reason, flags, commands, err } of cases) {
      void test(`${reason}, reached by ${commands.join(", ")}`, async (t) => {
        const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--limits-core", "0B");
        for (const command of commands) {
          await t.test(command, async () => {
            const told = daemon.log.length;
            const neighbour = await Neighbour.meet(daemon);
            await exchange(daemon.port, `${command}\n`);
            const entry = await waitFor(`a connection to end: ${reason}`, () =>
              daemon.log.slice(told).find((record) => record["reason"] === reason),
            );
            assert.equal(entry.level, "error");
            assert.match(String(entry["connection"]), /^\d+\.\d+\.1$/);
            if (err !== undefined) assert.ok((entry["err"] as { stack: string }).stack.startsWith(err));
            await neighbour.isServed();
          });
        }
      });
    }

    void test("a file too large", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const daemon = await TestDaemon.start(t, fixture(style), "--limits-file-size", "100KiB");
      const neighbour = await Neighbour.meet(daemon);
      await exchange(daemon.port, `file ${join(folder, "large")}\n`);
      const { stack } = (await daemon.waitForEnd("file size limit"))["err"] as { stack: string };
      assert.match(stack, /^Error: EFBIG/);
      await neighbour.isServed();
    });

    void test("what a handler catches ends nothing, and a crash is still called one", async (t) => {
      const daemon = await TestDaemon.start(
        t,
        fixture(style),
        ...memory,
        "--log-level",
        "debug",
        "--limits-core",
        "0B",
      );
      assert.match(await exchange(daemon.port, "caught\npid\n"), /^Array buffer allocation failed\n\d+\n$/);
      await daemon.waitForEnd("completed");
      await exchange(daemon.port, "abort\n");
      await daemon.waitForEnd("killed by SIGABRT");
      await exchange(daemon.port, "crash\n");
      await daemon.waitForEnd("killed by SIGSEGV");
    });

    void test("in a worker that has served before, too", async (t) => {
      const reused = ["--connections-per-worker", "10", "--spare-workers", "1", "--max-connections", "1"];
      const daemon = await TestDaemon.start(t, fixture(style), ...memory, "--limits-cpu", "1s", ...reused);
      const first = await exchange(daemon.port, "pid\n");
      assert.equal(await exchange(daemon.port, "pid\n"), first);
      await exchange(daemon.port, "bigBuffer\n");
      assert.equal((await daemon.waitForEnd("memory limit"))["connection"], "1.1.3");
      const second = await exchange(daemon.port, "pid\n");
      assert.notEqual(second, first);
      await exchange(daemon.port, "spin\n");
      assert.equal((await daemon.waitForEnd("cpu limit"))["connection"], "1.2.2");
    });
  });
}

void test("a handler that listens to SIGXCPU is ended a second later", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("breaks-limits"), "--limits-cpu", "1s");
  await exchange(daemon.port, "spinDeaf\n");
  await daemon.waitForEnd("cpu limit");
});

for (const engine of ["fork", "spawn"])
  void test(`no more memory than a worker has from the start is refused, engine ${engine}`, async () => {
    const { status, stderr } = await forkd(
      "run",
      fixture("breaks-limits"),
      "--listen",
      "127.0.0.1:0",
      "--limits-memory",
      "20MiB",
      "--engine",
      engine,
    );
    assert.equal(status, 100);
    assert.match(
      stderr,
      /limits\.memory must be \d+MiB or more, or "off"; received 20MiB\. .* has \d+MiB from the start/,
    );
  });

const isRoot = process.getuid?.() === 0;
const setpriv = "/usr/bin/setpriv";
/** One who has no other processes: the kernel counts all of a user's. */
const somebody = String(20_000 + (process.pid % 40_000));
const asSomebody = [setpriv, `--reuid=${somebody}`, `--regid=${somebody}`, "--clear-groups"];
const processes = ["--limits-processes", "60", "--limits-core", "0B"];

void test("root is told that limits.processes does not hold it", { skip: !isRoot && "not root" }, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("breaks-limits"), "--limits-processes", "100");
  await daemon.waitForLog("a warning", ({ level, msg }) => level === "warn" && msg.includes("limits.processes"));
});

const cannotBeSomebody = isRoot && existsSync(setpriv) ? false : "needs root, and setpriv of util-linux";

for (const style of styles) {
  void test(`${style}: too many processes, of a user who is not root`, { skip: cannotBeSomebody }, async (t) => {
    const daemon = await TestDaemon.startThrough(t, asSomebody, fixture(style), ...processes);
    const neighbour = await Neighbour.meet(daemon);
    await exchange(daemon.port, "programs\nprogram\n");
    const { stack } = (await daemon.waitForEnd("processes limit"))["err"] as { stack: string };
    assert.match(stack, /^Error: spawnSync true EAGAIN/);
    await neighbour.isServed();
    await programsAreGone(daemon);
  });
}

void suite("too many threads, of a user who is not root", { skip: cannotBeSomebody }, () => {
  void test("of libuv's pool: it aborts the worker, and no neighbour's", async (t) => {
    const daemon = await TestDaemon.startThrough(t, asSomebody, fixture("breaks-limits"), ...processes);
    const neighbour = await Neighbour.meet(daemon);
    const [pid, answer] = (await exchange(daemon.port, "pid\nthreadpool\n")).split("\n");
    assert.equal(answer, "true", "within the limit");
    await waitFor("its end, which makes room for another", () => processInfo(Number(pid)) === undefined);
    await exchange(daemon.port, "programs\nthreadpool\n");
    assert.match(String((await daemon.waitForEnd("killed by SIGABRT"))["connection"]), /^1\.\d+\.1$/);
    await neighbour.isServed();
    await programsAreGone(daemon);
  });

  void test("new Worker(), where a worker may start one: as with programs", async (t) => {
    const flags = [...processes, "--engine", "spawn", "--spare-workers", "1"];
    const daemon = await TestDaemon.startThrough(t, asSomebody, fixture("breaks-limits"), ...flags);
    const neighbour = await Neighbour.meet(daemon);
    await exchange(daemon.port, "programs\nthread\n");
    const { stack } = (await daemon.waitForEnd("processes limit"))["err"] as { stack: string };
    assert.match(stack, /^Error: EAGAIN\n +at new Worker /);
    await neighbour.isServed();
  });
});

async function programsAreGone(daemon: TestDaemon): Promise<void> {
  const programs = (): number[] => daemon.processes.filter((pid) => processInfo(pid)?.name === "sleep");
  await waitFor("the programs to be gone", () => programs().length === 0);
}

/** A connection of somebody else's. */
class Neighbour {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async meet(daemon: TestDaemon): Promise<Neighbour> {
    const neighbour = new Neighbour(await Client.open(daemon.port));
    await neighbour.#isAnswered();
    return neighbour;
  }

  async isServed(): Promise<void> {
    await this.#isAnswered();
    this.#client.close();
  }

  async #isAnswered(): Promise<void> {
    const before = this.#client.receivedBytes;
    this.#client.send("pid\n");
    await waitFor("the neighbour's answer", () => this.#client.receivedBytes > before);
  }
}
