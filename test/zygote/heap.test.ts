import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

void test("the zygote's heap is for its children, and nothing of it is excluded", async (t) => {
  const { zygote, port } = await TestDaemon.start(t, fixture("grows"));
  assert.match(readFileSync(`/proc/${zygote}/maps`, "utf8"), /prebuilds\/linux-\w+\/heap\.so$/m);
  assert.deepEqual(excludedFromForks(zygote), []);
  assert.equal(await exchange(port, "sum\n"), "499999500000\n");
});

void test("without the library, as in a folder whose path it cannot be given by, workers have the heap too", async (t) => {
  const cli = await installIn(t, "a folder");
  const { zygote, port } = await TestDaemon.startWith(t, { command: cli }, fixture("grows"));
  assert.doesNotMatch(readFileSync(`/proc/${zygote}/maps`, "utf8"), /heap\.so$/m);
  assert.equal(await exchange(port, "sum\n"), "499999500000\n");
});

/** Private anonymous mappings that are marked MADV_DONTFORK: `dc` among the VmFlags of proc_pid_smaps(5). */
function excludedFromForks(pid: number): string[] {
  const mappings = readFileSync(`/proc/${pid}/smaps`, "utf8").split(/^(?=[0-9a-f]+-)/m);
  return mappings.filter((mapping) => /^\S+ ...p \S+ \S+ 0 /.test(mapping) && /^VmFlags:.* dc\b/m.test(mapping));
}

/** What npm installs, in a folder of that name: its command. */
async function installIn(t: TestContext, name: string): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(parent, { recursive: true }));
  const folder = join(parent, name);
  for (const part of ["dist", "prebuilds", "package.json"]) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "dist/cli/main.js");
}
