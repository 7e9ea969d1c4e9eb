import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { watchHolder } from "../../dist/admin/holder-watch.js";
import { findHolder, PidFile } from "../../dist/admin/pid-file.js";
import { logPath } from "../support/log-file.ts";
import { waitFor } from "../support/wait-for.ts";

const library = new URL("../../dist/admin/pid-file.js", import.meta.url).href;

void suite("a pid file", () => {
  void test("says who has taken it, since when, and where it listens", async (t) => {
    const path = pathOf(t);
    assert.equal(findHolder(path), undefined);
    const other = await Holder.start(t, path);
    const { since = "", ...holder } = findHolder(path) ?? {};
    assert.deepEqual(holder, { pid: other.pid, module: "/srv/x.ts", addresses: ["127.0.0.1:1234", "unix:/x y.sock"] });
    assert.match(since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readFileSync(path, "utf8").split("\n"), [
      `${other.pid}`,
      since,
      "/srv/x.ts",
      "127.0.0.1:1234",
      "unix:/x y.sock",
      "",
    ]);
  });

  void test("is not to be had twice", async (t) => {
    const path = pathOf(t);
    const other = await Holder.start(t, path);
    const taken = PidFile.take(path, "/srv/x.ts");
    assert.ok(!(taken instanceof PidFile));
    assert.equal(taken.pid, other.pid);
  });

  void test("is free as soon as its process has been killed, whatever is left in it", async (t) => {
    const path = pathOf(t);
    const other = await Holder.start(t, path);
    const hasEnded = watchHolder(path);
    assert.equal(hasEnded(), false);
    await other.kill();
    assert.ok(existsSync(path));
    assert.deepEqual([hasEnded(), findHolder(path)], [true, undefined]);
    const taken = PidFile.take(path, "/srv/x.ts");
    assert.ok(taken instanceof PidFile);
    assert.deepEqual(readFileSync(path, "utf8").split("\n"), [`${process.pid}`, taken.since, "/srv/x.ts", ""]);
    taken.release();
    assert.ok(!existsSync(path));
  });

  void test("that was released may be taken by another; its process is seen to live until it ends", async (t) => {
    const path = pathOf(t);
    const other = await Holder.start(t, path);
    const hasEnded = watchHolder(path);
    await other.release();
    assert.ok(!existsSync(path));
    assert.deepEqual([hasEnded(), findHolder(path)], [false, undefined]);
    const next = await Holder.start(t, path);
    assert.equal(findHolder(path)?.pid, next.pid);
    await other.kill();
    assert.equal(hasEnded(), true);
    assert.equal(findHolder(path)?.pid, next.pid);
  });

  void test("of a pid that is alive, and holds no lock, deceives nobody", (t) => {
    const path = pathOf(t);
    writeFileSync(path, `${process.ppid}\n2020-01-01T00:00:00.000Z\n`);
    assert.equal(findHolder(path), undefined);
    assert.equal(watchHolder(path)(), true);
    const taken = PidFile.take(path, "/srv/x.ts");
    assert.ok(taken instanceof PidFile);
    taken.release();
  });

  void test("is no symbolic link", (t) => {
    const path = pathOf(t);
    symlinkSync(join(dirname(path), "elsewhere"), path);
    const message = /^The pid file \S+ cannot be opened: ELOOP .*--runtime-dir\.$/;
    assert.throws(() => PidFile.take(path, "/srv/x.ts"), { code: "FORKD_E_RUNTIME_DIR", message });
    assert.ok(!existsSync(join(dirname(path), "elsewhere")));
  });
});

const pathOf = (t: TestContext): string => join(dirname(logPath(t)), "pid");

const program = `
  import { PidFile } from ${JSON.stringify(library)};
  const file = PidFile.take(process.argv[1], "/srv/x.ts");
  file.write(["127.0.0.1:1234", "unix:/x y.sock"]);
  console.log("taken");
  process.stdin.once("data", () => {
    file.release();
    console.log("released");
  });
`;

/** Another process that has taken the file. */
class Holder {
  readonly #child;
  #told = "";

  private constructor(path: string) {
    const args = ["--input-type=module", "--eval", program, path];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.setEncoding("utf8").on("data", (part: string) => (this.#told += part));
  }

  static async start(t: TestContext, path: string): Promise<Holder> {
    const holder = new Holder(path);
    t.after(() => holder.kill());
    await holder.#tells("taken\n");
    return holder;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  release(): Promise<unknown> {
    this.#child.stdin.write("release\n");
    return this.#tells("released\n");
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  #tells(words: string): Promise<unknown> {
    return waitFor(words, () => this.#told.endsWith(words));
  }
}
