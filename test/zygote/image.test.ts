import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { preloaded } from "../support/preloaded.ts";

const source = fileURLToPath(new URL("../../test/fixtures/takes-an-image.c", import.meta.url));

void suite("the image of the zygote's memory", () => {
  for (const module of ["lines-async", "lines-blocking"]) {
    void test(`is what workers are forked with: ${module}`, async (t) => {
      const { zygote, port } = await TestDaemon.start(t, fixture(module));
      assert.match(readFileSync(`/proc/${zygote}/maps`, "utf8"), /rw-p .*\/memfd:forkd-image/);
      assert.match(await exchange(port, "served\n"), /served/);
    });
  }

  void test("is not taken where something was left open that may write to memory meanwhile", async (t) => {
    const leaving = { variables: { LEAVES: "interval" } };
    const daemon = await TestDaemon.startWith(t, leaving, fixture("leaves-open"), "--allow-unsafe-fork");
    assert.doesNotMatch(readFileSync(`/proc/${daemon.zygote}/maps`, "utf8"), /forkd-image/);
  });
});

void suite("memory of which an image was taken", () => {
  const facts = [
    "memory is as it was",
    "a child's memory is its own",
    "what is discarded reads as zero",
    "what is not is untouched",
    "it can be used, and discarded again",
    "what is read-only since then stays so",
    "a large block can be made larger",
    "what is to be wiped in children is wiped",
    "and is discarded, too",
    "what is discarded while nobody may use it reads as zero",
  ];

  void test("is as memory is", (t) => {
    assert.deepEqual(factsOf(t), { taken: "yes", "refused for its size": "no", ...allHold(facts) });
  });

  void test("stays as it is where files may not be so large", (t) => {
    assert.deepEqual(factsOf(t, "4096"), { taken: "no", "refused for its size": "yes", ...allHold(facts) });
  });
});

const allHold = (facts: readonly string[]): Record<string, string> =>
  Object.fromEntries(facts.map((fact) => [fact, "yes"]));

/** What the program finds. */
function factsOf(t: TestContext, ...args: readonly string[]): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "takes-an-image");
  execFileSync("cc", ["-o", program, source, preloaded]);
  const output = execFileSync(program, args, { env: { LD_PRELOAD: preloaded }, encoding: "utf8" });
  const facts = output.trim().split("\n");
  return Object.fromEntries(facts.map((fact) => fact.split(": ") as [string, string]));
}
