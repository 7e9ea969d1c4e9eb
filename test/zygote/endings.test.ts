import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { endings } from "../fixtures/whole-node-endings.ts";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { processInfo } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

void test("a worker ends as plain Node would", async (t) => {
  const daemon = await TestDaemon.start(t, fixture("whole-node-ending"), "--rotate-interval", "off");
  for (const ending of Object.keys(endings)) {
    await t.test(ending, async () => {
      const plain = spawnSync(process.execPath, [fixture("whole-node-ending-plain"), ending], { encoding: "utf8" });
      const { pid, status } = await endWorker(daemon, ending);
      const expected = plain.signal === null ? plain.status : plain.signal;
      assert.equal(status, expected, `not as plain Node, which says:\n${plain.stderr}`);
      const message = /^(?:Uncaught )?\w*Error: (.*)|"words"/m.exec(plain.stderr)?.[1];
      if (message === undefined) return;
      await daemon.waitForLog(
        `${message} of ${pid}`,
        (record) => record["pid"] === pid && record.level === "error" && stackOf(record["err"]).includes(message),
      );
    });
  }
});

const stackOf = (error: unknown): string => String((error as { stack?: string } | undefined)?.stack);

/** Has a worker end: what wait(2) tells its parent, which meanwhile is kept from asking. */
async function endWorker(daemon: TestDaemon, ending: string): Promise<{ pid: number; status: number | string }> {
  const client = await Client.open(daemon.port);
  await client.receives("\n");
  const pid = Number(client.received);
  const { zygote } = daemon;
  process.kill(zygote, "SIGSTOP");
  try {
    client.send(`${ending}\n`);
    await waitFor(`the end of worker ${pid}`, () => processInfo(pid)?.state === "Z");
    return { pid, status: statusOf(pid) };
  } finally {
    process.kill(zygote, "SIGCONT");
    client.close();
  }
}

/** Field 52 of proc_pid_stat(5), as wait(2) tells it. */
function statusOf(pid: number): number | string {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const code = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[49]);
  const signal = Object.entries(constants.signals).find(([, number]) => number === (code & 0x7f));
  return signal?.[0] ?? code >> 8;
}
