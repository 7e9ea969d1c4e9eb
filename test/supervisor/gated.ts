import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";

/** A daemon of a fixture that gets stuck while there is a file at `gate`. */
export async function startGated(
  t: TestContext,
  name: "gated" | "after-fork-gated" | "on-trial",
  ...flags: string[]
): Promise<{ daemon: TestDaemon; gate: string }> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const gate = join(folder, "gate");
  process.env["TEST_GATE"] = gate;
  return { daemon: await TestDaemon.start(t, fixture(name), "--spare-workers", "3", ...flags), gate };
}
