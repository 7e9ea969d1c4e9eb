import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { cli, fixture } from "../support/daemon.ts";
import { Place } from "../support/place.ts";

/** One that nothing else on the machine is likely to run as: the default folder in /tmp is that user's. */
const uid = 64_000 + (process.pid % 1000);
const asUser = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
const runtimeFolder = `/tmp/forkd-${uid}`;
const start = ["start", fixture("commands"), "--listen", "127.0.0.1:0"];

void suite("for a user who is not root", { skip: cannotBeAnother() }, () => {
  void test("the places are those of XDG_RUNTIME_DIR and XDG_STATE_HOME", async (t) => {
    const { place, folder } = userPlace(t, { XDG_RUNTIME_DIR: "xdg-run", XDG_STATE_HOME: "xdg-state" });
    assert.match((await place.forkd(...start)).stdout, /^commands: started, /);
    assert.equal(statSync(join(folder, "xdg-run", "forkd", "commands", "admin.sock")).uid, uid);
    const log = join(folder, "xdg-state", "forkd", "commands.log");
    assert.equal(statSync(log).mode & 0o777, 0o600);
    assert.equal(statSync(join(log, "..")).mode & 0o777, 0o700);
    await assertFound(place, log);
  });

  void test("without them they are /tmp/forkd-UID and ~/.local/state", async (t) => {
    t.after(() => rmSync(runtimeFolder, { recursive: true, force: true }));
    const { place, folder } = userPlace(t, { HOME: "." });
    assert.match((await place.forkd(...start)).stdout, /^commands: started, /);
    const { mode, uid: owner } = statSync(runtimeFolder);
    assert.deepEqual([mode & 0o777, owner], [0o700, uid]);
    await assertFound(place, join(folder, ".local", "state", "forkd", "commands.log"));
  });

  void test("a relative XDG variable is none", async (t) => {
    t.after(() => rmSync(runtimeFolder, { recursive: true, force: true }));
    const { place, folder } = userPlace(t, { HOME: "." });
    Object.assign(place.variables, { XDG_RUNTIME_DIR: "run", XDG_STATE_HOME: "state" });
    assert.match((await place.forkd(...start)).stdout, /^commands: started, /);
    assert.ok(existsSync(join(runtimeFolder, "commands")));
    await assertFound(place, join(folder, ".local", "state", "forkd", "commands.log"));
  });

  void test("who has no home is told that the log cannot be opened, and where it would be", async (t) => {
    const { place } = userPlace(t, { XDG_RUNTIME_DIR: "xdg-run" });
    place.variables["HOME"] = "/nonexistent";
    const { status, stderr } = await place.forkd(...start);
    assert.match(
      stderr,
      /^forkd: The log file \/nonexistent\/.local\/state\/forkd\/commands.log \(logFile\) cannot be/,
    );
    assert.equal(status, 111);
  });
});

/** A place of that user's, with these variables as paths in it, and without those that a test process may have. */
function userPlace(t: TestContext, paths: Record<string, string>): { place: Place; folder: string } {
  const place = new Place(t, asUser, uid);
  const { folder, variables } = place;
  for (const name of ["FORKD_RUNTIME_DIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"]) variables[name] = undefined;
  for (const [name, path] of Object.entries(paths)) variables[name] = join(folder, path);
  return { place, folder };
}

/** By all commands, without their being told where. */
async function assertFound(place: Place, log: string): Promise<void> {
  const status = await place.ask<{ logFile: string }>("status");
  assert.equal(status.logFile, log);
  assert.match((await place.forkd("logs")).stdout, /"msg":"listening on /);
  assert.equal((await place.forkd("stop")).stdout, "commands: stopped\n");
  assert.match((await place.forkd("logs", "commands")).stdout, /"msg":"stopped"}\n$/);
}

function cannotBeAnother(): string | false {
  if (process.getuid?.() !== 0) return "must be root";
  const [program, ...args] = [...asUser, process.execPath, cli, "--version"];
  const { status } = spawnSync(program, args);
  return status !== 0 && "needs setpriv, and a folder that others may read; on Debian: apt-get install util-linux";
}
