import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Status } from "../../dist/admin/api.js";
import { Client, exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";
import { childrenOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const mistake = 100;

void suite("forkd restart", () => {
  void test("starts the same process again, with its module, and its name, as they are now", async (t) => {
    const place = new Place(t);
    const module = join(place.folder, "module.mjs");
    writeFileSync(module, `export { default } from ${JSON.stringify(fixture("commands"))};\n`);
    const { pid, port } = await place.start(module, "--listen", "127.0.0.1:0");
    writeFileSync(module, `export { default } from ${JSON.stringify(fixture("hostile"))};\n`);
    const { addresses, ...after } = await place.ask<Status>("restart");
    assert.deepEqual([after.name, after.pid, after.state, after.generation], ["module", pid, "serving", 1]);
    assert.notEqual(addresses[0], `127.0.0.1:${port}`, "the kernel has chosen another");
    assert.match(await exchange(Number(addresses[0]?.split(":").at(-1)), "pid\n"), /^\d+\n$/);
  });

  for (const [what, text, why] of [
    [
      "cannot be loaded",
      "throw new RangeError('too far');\n",
      /The module .* could not be loaded\..*RangeError: too far/,
    ],
    ["has a wrong option", exporting("maxConnections: -1"), /maxConnections must be .*; received -1/],
    ["must not be forked", exporting("beforeFork: () => { setInterval(() => 0, 9) }"), /timer/],
  ] as const) {
    void test(`leaves a daemon alone whose module ${what}, and says why`, async (t) => {
      const place = new Place(t);
      const module = join(place.folder, "module.mjs");
      writeFileSync(module, `export { default } from ${JSON.stringify(fixture("commands"))};\n`);
      const { pid, port } = await place.start(module);
      const client = await Client.open(port);
      client.send("pid\n");
      await client.receives("\n");
      const before = childrenOf(pid);
      writeFileSync(module, text);
      for (const flags of [[], ["--now"]]) {
        const { status, stdout, stderr } = await place.forkd("restart", ...flags);
        assert.deepEqual([status, stdout], [mistake, ""]);
        assert.match(stderr, /^forkd: The daemon would not start again, and goes on as it is: /);
        assert.match(stderr.replaceAll("\n", " "), why);
      }
      await waitFor("those that were tried to be gone", () => childrenOf(pid).join() === before.join());
      client.send("id\n");
      await client.receives("1.");
      assert.match(await exchange(port, "id\n"), /^1\./);
      client.close();
    });
  }
});

/** A module with such an option. */
function exporting(option: string): string {
  const forkd = new URL("../../dist/index.js", import.meta.url).href;
  return `import { defineDaemon } from ${JSON.stringify(forkd)};\nexport default defineDaemon({ ${option}, serve() {} });\n`;
}
