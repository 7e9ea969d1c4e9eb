import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";

/** A daemon whose module does not finish loading while there is a file at `gate`. */
export async function startGated(t: TestContext, ...flags: string[]): Promise<{ daemon: TestDaemon; gate: string }> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const gate = join(folder, "gate");
  process.env["TEST_GATE"] = gate;
  return { daemon: await TestDaemon.start(t, fixture("gated"), "--spare-workers", "3", ...flags), gate };
}
