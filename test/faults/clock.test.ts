import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { converse } from "../supervisor/conversation.ts";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { waitFor } from "../support/wait-for.ts";

const library = findLibrary();
const skip = library === undefined && "needs libfaketime; on Debian: apt-get install faketime";
const anHour = 3_600_000;

void suite("the wall clock jumps", { skip }, () => {
  for (const style of ["commands", "commands-blocking"]) {
    for (const jump of ["+1h", "-1h"]) {
      void test(`by ${jump}: deadlines and durations do not, ${style}`, async (t) => {
        const { daemon, setClock } = await startWithClock(t, style, "--idle-timeout", "6s", "--log-level", "debug");
        const [silent, talking] = [await Client.open(daemon.port), await converse(daemon.port)];
        setClock(jump);
        await waitFor("it to have jumped", async () => {
          const before = Date.now();
          assert.match(await exchange(daemon.port, "pid\n"), /^\d+\n$/);
          return daemon.log.some(({ time }) => Math.abs(Date.parse(String(time)) - before) > anHour / 2);
        });
        talking.client.send("pid\n");
        await talking.client.receives(`${talking.pid}\n${talking.pid}\n`);
        assert.equal(silent.ended, undefined);
        talking.client.finish();
        await talking.client.rest();
        await silent.rest();
        const end = await daemon.waitForEnd("idle timeout");
        assert.ok(Number(end["ms"]) >= 6000, "the deadline was kept");
        await daemon.waitForLog("the other's end", ({ pid, reason }) => pid === talking.pid && reason === "completed");
        for (const { ms = 0 } of daemon.log) assert.ok(Number(ms) >= 0 && Number(ms) < anHour / 2, `${String(ms)} ms`);
      });
    }
  }

  void test("while a connection is served whose worker is killed: the duration is right", async (t) => {
    const { daemon, setClock } = await startWithClock(t, "commands", "--idle-timeout", "off");
    const { pid } = await converse(daemon.port);
    setClock("-1h");
    process.kill(pid, "SIGKILL");
    const { ms } = await daemon.waitForEnd("killed by SIGKILL");
    assert.ok(Number(ms) >= 0 && Number(ms) < anHour / 2, `${String(ms)} ms`);
  });

  void test("while it drains: drainTimeout holds", async (t) => {
    const { daemon, setClock } = await startWithClock(t, "commands", "--idle-timeout", "off", "--drain-timeout", "1s");
    const { client } = await converse(daemon.port);
    daemon.signal("SIGTERM");
    await daemon.waitForLog("the drain", ({ msg }) => msg === "draining");
    setClock("-1h");
    await client.rest();
    assert.equal(await daemon.ended(), 0);
  });
});

/** A daemon whose wall clock `setClock` moves, with what faketime(1) calls a relative time. */
async function startWithClock(t: TestContext, style: string, ...flags: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "clock");
  const setClock = (offset: string): void => {
    writeFileSync(`${file}-next`, `${offset}\n`);
    renameSync(`${file}-next`, file); // who looks meanwhile is not to find half of it
  };
  setClock("+0");
  const variables = {
    LD_PRELOAD: String(library),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
    FAKETIME_DISABLE_SHM: "1",
  };
  const daemon = await TestDaemon.startWith(t, { variables }, fixture(style), "--spare-workers", "2", ...flags);
  return { daemon, setClock };
}

function findLibrary(): string | undefined {
  const folders = [...readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime`), "/usr/lib/faketime"];
  const paths = folders.map((folder) => join(folder, "libfaketime.so.1"));
  return paths.find((path) => spawnSync("test", ["-r", path]).status === 0);
}
