import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { preloaded } from "../support/preloaded.ts";

const knowsCollapse = Number.parseFloat(release()) >= 6.1 && existsSync("/sys/kernel/mm/transparent_hugepage");
const skip = knowsCollapse ? false : "this kernel makes no huge pages on demand";

void suite("the program's text", () => {
  void test("is on huge pages, and workers run it", { skip }, async (t) => {
    const { zygote, port } = await TestDaemon.start(t, fixture("lines-blocking"));
    assert.match(readFileSync(`/proc/${zygote}/maps`, "utf8"), /r-xp .*\/memfd:forkd-text/);
    assert.match(await exchange(port, "served\n"), /served/);
    assert.ok(hugelyMapped(zygote) > 0);
  });

  void test("stays where it is if files may not be so large", { skip }, () => {
    assert.match(mapsOfNode("--fsize=unlimited"), /forkd-text/);
    assert.doesNotMatch(mapsOfNode("--fsize=4096"), /forkd-text/);
  });
});

/** How much of the text is mapped by huge pages, in KiB: proc_pid_smaps(5). */
function hugelyMapped(pid: number): number {
  const [text = ""] = /\/memfd:forkd-text[^/]*/.exec(readFileSync(`/proc/${pid}/smaps`, "utf8")) ?? [];
  return Number(/^ShmemPmdMapped: +(\d+) kB/m.exec(text)?.[1]);
}

function mapsOfNode(limit: string): string {
  const command = [limit, process.execPath, "-p", "fs.readFileSync('/proc/self/maps', 'utf8')"];
  return execFileSync("prlimit", command, { env: { ...process.env, LD_PRELOAD: preloaded }, encoding: "utf8" });
}
