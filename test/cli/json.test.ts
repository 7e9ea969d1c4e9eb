import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";

interface Told {
  readonly error: { readonly code: string; readonly message: string; readonly status: number; readonly stack?: string };
}

void suite("with --json an error is told on standard output, and nothing on standard error", () => {
  for (const [args, code, message] of [
    [["status"], "FORKD_E_NOT_RUNNING", /^No daemon runs here: /],
    [["stop", "greeter"], "FORKD_E_NOT_RUNNING", /^No daemon called greeter runs here: /],
    [["stop", "--nwo"], "FORKD_E_USAGE", /^Unknown option '--nwo'; did you mean --now\? See: forkd stop --help$/],
    [["run", "/nowhere/x.ts"], "FORKD_E_MODULE_NOT_FOUND", /\/nowhere\/x\.ts/],
    [["start", "/nowhere/x.ts"], "FORKD_E_MODULE_NOT_FOUND", /\/nowhere\/x\.ts/],
    [["check", fixture("commands"), "--listen", "nowhere"], "FORKD_E_OPTION", /received "nowhere"/],
    [["unit", "/nowhere/x.ts"], "FORKD_E_MODULE_NOT_FOUND", /\/nowhere\/x\.ts/],
    [["logs"], "FORKD_E_NOT_RUNNING", /^No daemon runs here: /],
  ] as const) {
    void test(args.join(" "), async (t) => {
      const { status, stdout, stderr } = await new Place(t).forkd(...args, "--json");
      const { error } = JSON.parse(stdout) as Told;
      assert.deepEqual([error.code, error.status, status, stderr], [code, 100, 100, ""]);
      assert.match(error.message, message);
    });
  }

  void test("a module's own stack is told beside the sentence", async (t) => {
    const place = new Place(t);
    const module = join(place.folder, "module.mjs");
    writeFileSync(module, "throw new RangeError('too far');\n");
    const { error } = JSON.parse((await place.forkd("start", module, "--json")).stdout) as Told;
    assert.equal(error.code, "FORKD_E_MODULE_FAILED");
    assert.match(error.stack ?? "", /^RangeError: too far\n/);
  });

  void test("a wait that was in vain says so", async (t) => {
    const { status, stdout } = await new Place(t).forkd("wait", "--timeout", "1ms", "--json");
    assert.deepEqual([status, JSON.parse(stdout)], [1, { waited: false }]);
  });
});
