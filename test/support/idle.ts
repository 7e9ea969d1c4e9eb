import assert from "node:assert/strict";
import { processInfo } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** Of two seconds, processes in a busy loop would use all; these must not use a quarter. */
export async function assertAlmostIdle(pids: readonly number[]): Promise<void> {
  const used = (): number => pids.reduce((sum, pid) => sum + (processInfo(pid)?.cpuTicks ?? 0), 0);
  const [before, since] = [used(), performance.now()];
  await waitFor("two seconds to pass", () => performance.now() - since > 2000);
  const millisecondsPerTick = 10;
  assert.ok((used() - before) * millisecondsPerTick < (performance.now() - since) / 4);
}
