import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import type { Status } from "../../dist/admin/api.js";
import { fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";
import { missing } from "../support/programs.ts";
import { waitFor } from "../support/wait-for.ts";

const forkd = new URL("../../dist/index.js", import.meta.url).href;
const serving = `import { defineDaemon } from "${forkd}";\n`;
const listen = ["--listen", "127.0.0.1:0"];
const nobody = 65534;
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const setprivIsMissing = missing({ setpriv: "util-linux" });
const mistake = 100;
const refused = 111;

void suite("forkd start says the same as forkd run, and ends with the same status, of", () => {
  const modules: Readonly<Record<string, readonly [source: string, status: number]>> = {
    "a module that throws": ["throw new Error('no');\n", mistake],
    "a module that does not parse": ["export default {\n", mistake],
    "a module without a default export": ["export const daemon = 1;\n", mistake],
    "an option that is wrong": [`${serving}export default defineDaemon({ serve() {}, maxConnections: 0 });\n`, mistake],
    "a module that leaves a timer": [
      `${serving}setInterval(() => undefined, 1000);\nexport default defineDaemon({ serve() {} });\n`,
      mistake,
    ],
    "a module that crashes": ["process.kill(process.pid, 'SIGSEGV');\nfor (;;);\n", refused],
  };
  for (const [what, [source, status]] of Object.entries(modules)) {
    void test(what, async (t) => {
      const place = new Place(t);
      const module = join(place.folder, "module.mjs");
      writeFileSync(module, source);
      await assertSame(place, [module, ...listen], status);
    });
  }

  void test("a module that is not there", async (t) => assertSame(new Place(t), ["/nowhere/x.ts"], mistake));

  void test("an address that is not this machine's", async (t) => {
    await assertSame(new Place(t), [fixture("commands"), "--listen", "192.0.2.1:1"], refused);
  });

  for (const folder of ["/proc/forkd/run", "/proc/self/forkd", "/dev/null/forkd"]) {
    void test(`a runtime folder that cannot be: ${folder}`, async (t) => {
      const place = new Place(t);
      await assertSame(place, [fixture("commands"), ...listen, "--runtime-dir", folder], refused);
      const { stderr } = await place.forkd("start", fixture("commands"), ...listen, "--runtime-dir", folder);
      const sentence =
        /^forkd: The daemon's files cannot be put into \S+: \/(proc|dev)\/\S+ cannot be made: E\w+ \([^\n]+\n$/;
      assert.match(stderr, sentence);
    });
  }

  void test("a log file that cannot be", async (t) => {
    await assertSame(new Place(t), [fixture("commands"), ...listen, "--log-file", "/nowhere/x.log"], refused);
  });
});

void test("what was printed before the module failed is told once, as output", async (t) => {
  const place = new Place(t);
  const module = join(place.folder, "module.mjs");
  writeFileSync(module, 'import { writeSync } from "node:fs";\nwriteSync(2, "printed\\n");\nthrow new Error("no");\n');
  const { stderr } = await place.forkd("run", module);
  assert.match(stderr, /^\{"level":"error","time":"[^"]+","role":"output","msg":"printed"\}$/m);
});

void suite("forkd start refuses", () => {
  void test("a second daemon of a name: who has it, since when, and where it listens", async (t) => {
    const place = new Place(t);
    const { pid, port } = await place.start(fixture("commands"));
    const { status, stdout, stderr } = await place.forkd("start", fixture("commands"), ...listen);
    const sentence =
      `forkd: A daemon called commands runs already: pid ${pid}, since SINCE, listens on 127.0.0.1:${port}. ` +
      'Stop it with "forkd stop commands", or call this one otherwise with --name.\n';
    assert.deepEqual([status, stdout], [mistake, ""]);
    assert.equal(stderr.replace(/since \d{4}-\d\d-\d\dT[\d:.]+Z/, "since SINCE"), sentence);
    assert.equal((await place.forkd("status")).status, 0, "the first one goes on");
  });

  void test("a working folder that is not there", async (t) => {
    const place = new Place(t);
    for (const folder of ["/nowhere", ""]) {
      const outcome = await place.forkd("start", fixture("commands"), "--directory", folder);
      const rule = `must be a folder that is there; received "${folder}": ENOENT (no such file or directory).`;
      assert.deepEqual(outcome, { status: mistake, stdout: "", stderr: `forkd: --directory ${rule}\n` });
    }
  });

  void test("a working folder that may not be entered", { skip: setprivIsMissing }, async (t) => {
    const isRoot = process.getuid?.() === 0;
    const place = isRoot ? new Place(t, asNobody, nobody) : new Place(t);
    const folder = join(place.folder, "locked");
    mkdirSync(folder, 0);
    const outcome = await place.forkd("start", fixture("commands"), "--directory", folder);
    const rule = `must be a folder that this user may enter; received "${folder}": EACCES (permission denied).`;
    assert.deepEqual(outcome, { status: refused, stdout: "", stderr: `forkd: --directory ${rule}\n` });
  });
});

void test("where the working folder has been removed forkd run and forkd start say so", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  const place = new Place(t, ["sh", "-c", 'mkdir -p "$0" && cd "$0" && rmdir "$0" && exec "$@"', folder]);
  for (const args of [
    ["run", fixture("commands")],
    ["start", "commands.js"],
  ]) {
    const { status, stderr } = await place.forkd(...args, ...listen);
    assert.match(stderr, new RegExp(`^forkd: The working directory is gone: ${folder} \\(deleted\\)\\. `));
    assert.equal(status, refused);
  }
});

void suite("of a daemon that is ended while it starts, forkd start says so", () => {
  for (const [signal, status, says] of [
    ["SIGTERM", refused, "forkd: The daemon was told to stop before it was ready.\n"],
    ["SIGKILL", refused, "forkd: The daemon's process was killed by SIGKILL before it was ready.\n"],
  ] as const) {
    void test(signal, async (t) => {
      const place = new Place(t);
      const { outcome, supervisor } = await beginStart(place);
      process.kill(supervisor, signal);
      const { code, stderr } = await outcome;
      assert.deepEqual([code, stderr], [status, says]);
      await waitFor("all processes to be gone", () => place.processes.length === 0);
    });
  }

  void test("by forkd stop, which finds it as any other", async (t) => {
    const place = new Place(t);
    const { outcome, supervisor } = await beginStart(place);
    const { name, pid, state } = await waitFor("it to be found", async () => (await place.ask<Status[]>("list"))[0]);
    assert.deepEqual([name, pid, state], ["waits-at-load", supervisor, "starting"]);
    const status = await waitFor("an answer", async () => (await place.forkd("status")).stdout || undefined);
    assert.match(status, /^waits-at-load +starting, pid \d+, /);
    assert.equal((await place.forkd("stop")).stdout, "waits-at-load: stopped\n");
    const { code, stderr } = await outcome;
    assert.deepEqual([code, stderr], [refused, "forkd: The daemon was told to stop before it was ready.\n"]);
    assert.deepEqual([place.processes, place.files], [[], []]);
  });

  void test("by Ctrl-C", async (t) => {
    const place = new Place(t);
    const { outcome, starter } = await beginStart(place);
    process.kill(starter, "SIGINT");
    assert.equal((await outcome).code, refused);
    await waitFor("all processes to be gone", () => place.processes.length === 0);
  });
});

async function assertSame(place: Place, args: readonly string[], status: number): Promise<void> {
  place.variables["FORKD_LOG_FILE"] = join(place.folder, "daemon.log");
  const ran = await place.forkd("run", ...args);
  const started = await place.forkd("start", ...args);
  assert.deepEqual(started, ran);
  assert.equal(started.status, status, started.stderr);
  assert.match(started.stderr, /^forkd: /m);
  assert.deepEqual(place.processes, []);
  assert.deepEqual(place.files, []);
}

/** A start that has got as far as its module, which never finishes loading. */
async function beginStart(place: Place) {
  const child = place.spawn("start", fixture("waits-at-load"), ...listen);
  const outcome = Promise.all([once(child, "close"), text(child.stderr)]);
  const supervisor = await waitFor("the module to be loading", () => {
    const called = (title: string): number | undefined => place.processes.find((pid) => titleOf(pid) === title);
    return called("forkd: zygote") && called("forkd: supervisor");
  });
  const told = outcome.then(([[code], stderr]) => ({ code: code as number, stderr }));
  return { starter: child.pid as number, supervisor, outcome: told };
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", "");
  } catch {
    return ""; // gone meanwhile
  }
}
