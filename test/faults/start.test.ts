import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { cli, fixture } from "../support/daemon.ts";
import { straceIsMissing } from "../support/strace.ts";

/** What the zygote needs to know of itself before it forks. */
for (const [path, sentence] of [
  ["/proc/self/fd", "The zygote could not start: EMFILE: too many open files, scandir '/proc/self/fd'."],
  ["/proc/self/task", "The zygote could not start: EMFILE: too many open files, scandir '/proc/self/task'."],
] as const) {
  void test(`${path} cannot be opened at the start: told in a sentence`, { skip: straceIsMissing }, () => {
    const fault = ["-P", path, "-e", "trace=openat", "-e", "inject=openat:error=EMFILE"];
    const command = [process.execPath, cli, "run", fixture("commands"), "--listen", "127.0.0.1:0"];
    const { status, stderr } = spawnSync("strace", ["-f", "-o", "/dev/null", ...fault, ...command], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(status, 111, stderr);
    assert.ok(stderr.endsWith(`forkd: ${sentence}\n`), stderr);
  });
}
