import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import type { Status } from "../../dist/admin/api.js";
import { Client, exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { readLog } from "../support/log-file.ts";
import { Place, type Started } from "../support/place.ts";
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

void suite("while a daemon is started again", () => {
  void test("its name is nobody else's, until its module gives it another", async (t) => {
    const { place, started, gate, drained } = await draining(t, "name: 'renamed'");
    writeFileSync(gate, "");
    const outcome = drained();
    const list = (): Promise<Status[]> => place.ask<Status[]>("list");
    const listed = await waitFor("it to be starting", async () => (await list()).find(isStarting));
    assert.deepEqual([listed.name, listed.pid], ["module", started.pid]);
    const other = await place.forkd("start", fixture("commands"), "--name", "module", "--listen", "127.0.0.1:0");
    assert.match(other.stderr, new RegExp(`^forkd: A daemon called module runs already: pid ${started.pid}, `));
    rmSync(gate);
    const { stdout } = await outcome;
    assert.match(stdout, new RegExp(`^renamed: started again, pid ${started.pid}, listening on `));
    assert.deepEqual(place.files, ["renamed", "renamed/admin.sock", "renamed/pid"]);
  });

  void test("what keeps it from starting is a record of its log", async (t) => {
    const { place, started, module, drained } = await draining(t, "name: 'module'");
    rmSync(module);
    const { status, stderr } = await drained();
    assert.equal(status, mistake);
    assert.match(
      stderr,
      /^forkd: The daemon module has ended, and not started again: its log, \/.+\.log, says why\.$/m,
    );
    const records = readLog(started.log)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    assert.match(`${records.at(-1)?.level}: ${records.at(-1)?.msg}`, /^error: There is no module /);
    assert.deepEqual(place.files, []);
  });
});

/** A daemon that is to start again, with another option, as soon as `drained` has let go of its last client; it does so at the gate. */
async function draining(t: TestContext, option: string) {
  const place = new Place(t);
  const module = join(place.folder, "module.mjs");
  const gate = join(place.folder, "gate");
  writeFileSync(module, exporting("name: 'module'"));
  const started: Started = await place.start(module, "--drain-timeout", "1h", "--idle-timeout", "off");
  const client = await Client.open(started.port);
  client.send("pid\n");
  await waitFor("a connection", async () => (await place.ask<Status>("status")).workers?.busy === 1);
  writeFileSync(
    module,
    `import { existsSync } from "node:fs";
    while (existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 10));
    ${exporting(option)}`,
  );
  const outcome = place.forkd("restart");
  await waitFor("the drain", async () => (await place.ask<Status>("status")).state === "draining");
  const drained = () => {
    client.close();
    return outcome;
  };
  return { place, started, module, gate, drained };
}

const isStarting = ({ state }: Status): boolean => state === "starting";

/** A module with such an option. */
function exporting(option: string): string {
  const forkd = new URL("../../dist/index.js", import.meta.url).href;
  return `import { defineDaemon } from ${JSON.stringify(forkd)};\nexport default defineDaemon({
    ${option}, async serve(connection) { for await (const _line of connection.lines()); }
  });\n`;
}
