import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { createLog } from "../../dist/log/record.js";
import { Header } from "../../dist/scoreboard/header.js";
import { State } from "../../dist/scoreboard/states.js";
import { children } from "../../dist/supervisor/children.js";
import { Orphans } from "../../dist/supervisor/orphans.js";
import { openScoreboard, usualSettings as settings } from "../scoreboard/scoreboard.ts";
import { isAlive } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const silence = createLog(
  () => "error",
  () => ({}),
  () => undefined,
);

void test("children are this process's, and nobody else's", async (t) => {
  const [child, grandchild] = await startFamily(t);
  assert.ok(children().includes(child));
  assert.ok(!children().includes(grandchild));
});

void test("a slot that names another's process has it signalled by nobody", async (t) => {
  const [child, grandchild] = await startFamily(t);
  const { memfd, registry, slots, write } = openScoreboard(t, 3);
  [grandchild, process.pid, child].forEach((pid, slot) => {
    registry.take(slot, 1); // by a zygote that has not lived to enter who was born
    write(slot, { pid, state: State.busy });
  });
  new Orphans({ registry, slots, header: new Header(memfd), settings, log: silence }).drain();
  await waitFor("the child's end", () => !isAlive(child));
  assert.ok(isAlive(grandchild));
});

/** A child, and a child of its own, which ends with this test. */
async function startFamily(t: Parameters<typeof openScoreboard>[0]): Promise<[number, number]> {
  const child = spawn("sh", ["-c", "sleep 1000 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const grandchild = Number(line);
  t.after(() => {
    child.kill("SIGKILL");
    process.kill(grandchild, "SIGKILL");
  });
  return [child.pid as number, grandchild];
}
