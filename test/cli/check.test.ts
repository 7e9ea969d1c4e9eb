import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";
import { waitFor } from "../support/wait-for.ts";

const forkd = new URL("../../dist/index.js", import.meta.url).href;
const serving = `import { defineDaemon } from "${forkd}";\n`;
/** The options of one that would serve. */
const fit = 'listen: "127.0.0.1:0", serve() {}';
const mistake = 100;
const refused = 111;

void suite("forkd check", () => {
  void test("says of a module that would serve as whom and where, and leaves nothing", async (t) => {
    const place = new Place(t);
    const module = fixture("commands");
    const { status, stdout, stderr } = await place.forkd("check", module, "--listen", "[::1]:1");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(stdout, `${module}: fit to serve as commands on [::1]:1\n`);
    assert.deepEqual(await place.ask("check", module), { name: "commands", addresses: ["127.0.0.1:1234"] });
    assert.deepEqual(place.files, []);
    await waitFor("all processes to be gone", () => place.processes.length === 0);
  });

  void test("may be run beside the daemon, on its very address", async (t) => {
    const place = new Place(t);
    const { port } = await place.start(fixture("commands"));
    const { status, stderr } = await place.forkd("check", fixture("commands"), "--listen", `127.0.0.1:${port}`);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
    assert.deepEqual(place.files, ["commands", "commands/admin.sock", "commands/pid"]);
  });

  const modules: Readonly<Record<string, readonly [source: string, status: number]>> = {
    "that throws": ["throw new Error('no');\n", mistake],
    "that exports nothing": ["export const daemon = 1;\n", mistake],
    "with an option that is wrong": [`${serving}export default defineDaemon({ serve() {}, listen: "x" });\n`, mistake],
    "with an option that there is none of": [`${serving}export default defineDaemon({ serve() {}, x: 1 });\n`, mistake],
    "whose beforeFork fails": [
      `${serving}export default defineDaemon({ ${fit}, beforeFork() { throw new Error("no"); } });\n`,
      mistake,
    ],
    "that leaves a timer": [
      `${serving}setInterval(() => undefined, 1000);\nexport default defineDaemon({ ${fit} });\n`,
      mistake,
    ],
    "that never gets ready": [
      `${serving}export default defineDaemon({ ${fit}, startTimeout: "200ms", beforeFork: () => new Promise(() => setInterval(() => undefined, 1000)) });\n`,
      mistake,
    ],
    "that crashes": ["process.kill(process.pid, 'SIGSEGV');\nfor (;;);\n", refused],
  };
  for (const [what, [source, status]] of Object.entries(modules)) {
    void test(`says of a module ${what} what forkd run would say`, async (t) => {
      const place = new Place(t);
      const module = join(place.folder, "module.mjs");
      writeFileSync(module, source);
      const ran = await place.forkd("run", module);
      assert.deepEqual(await place.forkd("check", module), ran);
      assert.equal(ran.status, status, ran.stderr);
      await waitFor("all processes to be gone", () => place.processes.length === 0);
    });
  }

  void test("says of a module that is not there what forkd run would say", async (t) => {
    const place = new Place(t);
    assert.deepEqual(await place.forkd("check", "/nowhere/x.ts"), await place.forkd("run", "/nowhere/x.ts"));
  });
});
