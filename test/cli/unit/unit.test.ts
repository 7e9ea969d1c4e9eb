import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { cli, fixture } from "../../support/daemon.ts";
import { Place } from "../../support/place.ts";
import { missing } from "../../support/programs.ts";

const mistake = 100;
const skip = missing({ "systemd-analyze": "systemd" });

void suite("forkd unit", () => {
  void test("prints a service with the flags given, made for the module's settings", async (t) => {
    const place = new Place(t);
    const flags = ["--name", "greeter", "--listen", "unix:x.sock", "--drain-timeout", "1500ms", "--allow-unsafe-fork"];
    const { status, stdout, stderr } = await place.forkdIn(
      { cwd: place.folder },
      "unit",
      fixture("commands"),
      ...flags,
    );
    assert.equal(status, 0, stderr);
    const own = `${process.execPath} ${cli}`;
    const again = flags.join(" ").replace("unix:x.sock", `unix:${place.folder}/x.sock`);
    const lines = linesOf(stdout);
    assert.equal(stdout.split("\n")[0], "# /etc/systemd/system/greeter.service");
    assert.deepEqual(lines["ExecStart"], [`${own} run ${fixture("commands")} ${again}`]);
    assert.deepEqual(lines["ExecReload"], [`${own} reload greeter`]);
    assert.deepEqual(lines["TimeoutStopSec"], ["12s"]);
    assert.deepEqual(lines["TimeoutStartSec"], ["130s"]);
    assert.deepEqual(lines["WatchdogSec"], ["30s"]);
    assert.deepEqual([lines["RuntimeDirectory"], lines["RuntimeDirectoryMode"]], [["forkd/greeter"], ["0700"]]);
    assert.deepEqual(lines["Environment"], ["FORKD_RUNTIME_DIR=/run/forkd"]);
    assert.deepEqual(lines["ReadWritePaths"], [place.folder]);
    assert.deepEqual([lines["DynamicUser"], lines["User"]], [["yes"], undefined]);
    assert.deepEqual(lines["AmbientCapabilities"], undefined);
  });

  void test("takes a user, and grants what a low port needs", async (t) => {
    const { stdout } = await new Place(t).forkd("unit", fixture("commands"), "--user", "www", "--listen", ":80");
    const lines = linesOf(stdout);
    assert.deepEqual([lines["DynamicUser"], lines["User"]], [undefined, ["www"]]);
    assert.deepEqual(lines["AmbientCapabilities"], ["CAP_NET_BIND_SERVICE"]);
    assert.deepEqual(lines["CapabilityBoundingSet"], ["CAP_NET_BIND_SERVICE"]);
  });

  for (const user of ["a b", "", "-x", "www:www"]) {
    void test(`refuses the user ${JSON.stringify(user)}`, async (t) => {
      const { status, stderr } = await new Place(t).forkd("unit", fixture("commands"), `--user=${user}`);
      const rule = `a user's name, of letters, digits, "_", "-" and ".", or number`;
      assert.equal(stderr, `forkd: --user must be ${rule}; received ${JSON.stringify(user)}.\n`);
      assert.equal(status, mistake);
    });
  }

  void test("warns of files that the daemon would not share with others", async (t) => {
    const { status, stderr } = await new Place(t).forkd("unit", fixture("commands"), "--listen", "unix:/tmp/x.sock");
    assert.match(stderr, /^forkd: The unit gives the daemon a \/tmp .* \(PrivateTmp\): .*\/tmp\/x\.sock\.\n$/);
    assert.equal(status, 0);
  });

  void test("does not count with variables, which the daemon will not have", async (t) => {
    const env = { FORKD_NAME: "other", FORKD_IDLE_TIMEOUT: "nonsense" };
    const { stdout, stderr } = await new Place(t).forkdIn({ env }, "unit", fixture("commands"));
    assert.match(stdout, /^# \/etc\/systemd\/system\/commands\.service\n/, stderr);
  });

  for (const [listen, streams, only] of [
    [["127.0.0.1:1234", "unix:/run/a b%.sock"], ["127.0.0.1:1234", "/run/a b%%.sock"], undefined],
    [[":1234", "[::1]:1235"], ["[::]:1234", "[::1]:1235"], undefined],
    [["[::]:1234", ":1235"], ["[::]:1234", "0.0.0.0:1235", "[::]:1235"], ["ipv6-only"]],
  ] as const) {
    void test(`--socket prints the sockets of ${listen.join(" and ")}`, async (t) => {
      const { stdout } = await new Place(t).forkd("unit", fixture("commands"), "--socket", ...flagsFor(listen));
      const lines = linesOf(stdout);
      assert.equal(stdout.split("\n")[0], "# /etc/systemd/system/commands.socket");
      assert.deepEqual([lines["ListenStream"], lines["BindIPv6Only"]], [streams, only]);
      assert.deepEqual([lines["Accept"], lines["Backlog"]], [["no"], ["4096"]]);
    });
  }

  void test("--socket refuses a port that the kernel is to choose", async (t) => {
    const outcome = await new Place(t).forkd("unit", fixture("commands"), "--socket", "--listen", "127.0.0.1:0");
    const stderr = "forkd: A socket unit must name a port; received 127.0.0.1:0. Choose one with --listen.\n";
    assert.deepEqual(outcome, { status: mistake, stdout: "", stderr });
  });

  void test("refuses a module that would not serve", async (t) => {
    const { status, stdout, stderr } = await new Place(t).forkd("unit", "/nowhere.ts");
    assert.deepEqual([status, stdout], [mistake, ""]);
    assert.match(stderr, /^forkd: There is no module \/nowhere\.ts: /);
  });
});

void suite("systemd-analyze verify has nothing to say", { skip }, () => {
  void test("of a service and its sockets", async (t) => {
    const place = new Place(t);
    await verify(place, "commands", [fixture("commands"), "--listen", ":80", "--listen", "unix:/run/commands.sock"]);
  });

  void test("of a user's service", async (t) => {
    await verify(new Place(t), "commands", [fixture("commands"), "--user", "root", "--log-file", "/var/log/x.log"]);
  });

  void test("of names that are hard to write", async (t) => {
    const place = new Place(t);
    const module = hardModule(place);
    const listen = `unix:/run/it's "$HOME" 100% \\x.sock`;
    const service = await verify(place, "hard", [module, "--name", "hard", "--listen", listen]);
    assert.ok(service.includes(String.raw`"unix:/run/it's \"$$HOME\" 100%% \\x.sock"`), service);
  });
});

/** Both units, verified: the text of the service. */
async function verify(place: Place, name: string, args: readonly string[]): Promise<string> {
  const paths: string[] = [];
  const texts: string[] = [];
  for (const [kind, flag] of [
    ["service", []],
    ["socket", ["--socket"]],
  ] as const) {
    const { status, stdout, stderr } = await place.forkd("unit", ...args, ...flag);
    assert.equal(status, 0, stderr);
    const path = join(place.folder, `${name}.${kind}`);
    writeFileSync(path, stdout);
    paths.push(path);
    texts.push(stdout);
  }
  const env = { ...process.env, SYSTEMD_LOG_LEVEL: "warning" };
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8", env });
  assert.deepEqual([status, stderr.split("\n").filter((line) => line.includes(place.folder))], [0, []], stderr);
  return texts[0] ?? "";
}

/** A module whose path has in it what systemd would take for something else. */
function hardModule({ folder }: Place): string {
  const home = join(folder, 'a "b" $HOME 100% c\'d');
  mkdirSync(home);
  writeFileSync(join(home, "x.mjs"), `export { default } from ${JSON.stringify(fixture("commands"))};\n`);
  return join(home, "x.mjs");
}

function flagsFor(listen: readonly string[]): string[] {
  return listen.flatMap((address) => ["--listen", address]);
}

/** The values of each name. */
function linesOf(unit: string): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const [, name = "", value = ""] of unit.matchAll(/^(\w+)=(.*)$/gm)) (values[name] ??= []).push(value);
  return values;
}
