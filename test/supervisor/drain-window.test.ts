import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf } from "../support/processes.ts";
import { attempt, many, type Attempt } from "./conversation.ts";

const flags = ["--log-level", "debug", "--drain-timeout", "1h", "--idle-timeout", "off"];
const isServed = ({ received, failure }: Attempt): boolean => failure === undefined && /^\d+\n$/.test(received);

for (const style of ["commands", "commands-blocking"]) {
  void test(`workers that are told to drain while they accept drop nobody, ${style}`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), ...flags, "--max-connections", "40");
    const { zygote } = daemon;
    const over = new AbortController();
    const load = many(1000, 16, async (): Promise<Attempt> => attempt(daemon.port, "pid\n")).finally(() =>
      over.abort(),
    );
    let told = 0;
    while (!over.signal.aborted) {
      for (const pid of childrenOf(zygote)) if (terminate(pid)) told++;
      await setTimeout(Math.random() * 20);
    }
    const unserved = (await load).filter((result) => !isServed(result));
    assert.deepEqual(unserved, []);
    assert.ok(told > 50);
  });

  void test(`the daemon told to drain while clients connect drops none that it has accepted, ${style}`, async (t) => {
    for (let round = 0; round < 4; round++) {
      const daemon = await TestDaemon.start(t, fixture(style), ...flags);
      const load = many(200, 12, () => attempt(daemon.port, "pid\n"));
      await setTimeout(Math.random() * 100);
      daemon.signal("SIGTERM");
      assert.equal(await daemon.ended(), 0);
      const attempts = await load;
      const ends = new Map(daemon.log.map((record) => [record["peer"], record]));
      for (const result of attempts) {
        const end = result.peer === undefined ? undefined : ends.get(result.peer);
        if (isServed(result)) assert.match(String(end?.["reason"]), /^(completed|drained)$/);
        else {
          assert.match(String(result.failure), /^(ECONNREFUSED|ECONNRESET|EPIPE)$/, JSON.stringify(result));
          assert.equal(end, undefined, `accepted, and dropped: ${JSON.stringify(result)}`);
        }
      }
    }
  });
}

/** Told once: a second SIGTERM would end it. */
const toldAlready = new Set<number>();

function terminate(pid: number): boolean {
  if (toldAlready.has(pid)) return false;
  toldAlready.add(pid);
  try {
    return process.kill(pid, "SIGTERM");
  } catch {
    return false; // gone meanwhile
  }
}
