import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { renameSync, truncateSync } from "node:fs";
import { suite, test, type TestContext } from "node:test";
import { exchange } from "../support/client.ts";
import { cli, fixture } from "../support/daemon.ts";
import { readLog, recordsIn } from "../support/log-file.ts";
import { Place, type Started } from "../support/place.ts";
import { waitFor } from "../support/wait-for.ts";

const mistake = 100;
const refused = 111;
const scriptIsMissing =
  spawnSync("script", ["--version"]).status !== 0 && "needs script(1); on Debian: apt-get install bsdutils";

void suite("forkd logs", () => {
  void test("prints the end of the log as it is", async (t) => {
    const { place, log } = await logged(t, "one", "two", "three");
    const lines = readLog(log).trimEnd().split("\n");
    assert.equal((await place.forkd("logs")).stdout, `${lines.join("\n")}\n`);
    assert.equal((await place.forkd("logs", "commands", "-n", "2")).stdout, `${lines.slice(-2).join("\n")}\n`);
    assert.equal((await place.forkd("logs", "commands.ts", "--lines", "0")).stdout, "");
  });

  void test("on a terminal prints it for people", { skip: scriptIsMissing }, async (t) => {
    const { place } = await logged(t, "said");
    const command = [process.execPath, cli, "logs"].join(" ");
    const env = { ...process.env, ...place.variables };
    const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { env });
    let shown = "";
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
    await waitFor("the end", () => terminal.exitCode !== null);
    assert.match(shown, /\[\d\d:\d\d:\d\d\.\d{3}\].*WARN.*said/);
    assert.ok(!shown.includes('{"level"'));
  });

  void test("ends when its reader has seen enough", async (t) => {
    const { place } = await logged(t, "said");
    const command = place.spawn("logs", "--follow");
    command.stdout.destroy();
    let told = "";
    command.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
    await waitFor("the end", () => command.exitCode !== null);
    assert.deepEqual([command.exitCode, told], [0, ""]);
  });

  void test("follows it through a rename, of which the daemon is told, and a truncation", async (t) => {
    const { place, daemon, log } = await logged(t, "before");
    const command = place.spawn("logs", "-f");
    let shown = "";
    command.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
    const shows = (words: string): Promise<unknown> => waitFor(`${words} in ${shown}`, () => shown.includes(words));
    await shows('"before"');
    renameSync(log, `${log}.1`);
    await exchange(daemon.port, "log renamed\n");
    await shows('"renamed"');
    process.kill(daemon.pid, "SIGUSR1");
    await exchange(daemon.port, "log reopened\n");
    await shows('"reopened"');
    await exchange(daemon.port, "log more\n"); // so that what comes after the truncation is shorter than what was there
    await shows('"more"');
    truncateSync(log);
    await exchange(daemon.port, "log truncated\n");
    await shows('"truncated"');
    command.kill("SIGINT");
    await waitFor("the end", () => command.signalCode ?? command.exitCode);
    const said = [...shown.matchAll(/"answer":42,"msg":"(\w+)"/g)].map(([, words]) => words);
    assert.deepEqual(said, ["before", "renamed", "reopened", "more", "truncated"], shown);
  });

  void test("says where a daemon logs that has no file", async (t) => {
    const place = new Place(t);
    const run = place.spawn("run", fixture("commands"), "--listen", "127.0.0.1:0");
    run.stderr.resume();
    await place.forkd("wait", "--ready");
    const { status, stderr } = await place.forkd("logs");
    assert.match(
      stderr,
      /^forkd: The daemon commands has no log file: it logs to its standard error, or is starting\. It gets one with/,
    );
    assert.equal(status, mistake);
  });

  void test("says what it lacks of a daemon that does not run", async (t) => {
    const place = new Place(t);
    assert.deepEqual(await place.forkd("logs"), {
      status: mistake,
      stdout: "",
      stderr: "forkd: No daemon runs here: name the one whose log is to be read.\n",
    });
    const name = "forkd-test-that-never-ran";
    const { status, stderr } = await place.forkd("logs", name);
    assert.match(stderr, new RegExp(`^forkd: The log file /\\S+/${name}\\.log cannot be read: ENOENT `));
    assert.equal(status, refused);
  });

  void test("refuses a number of lines that is none", async (t) => {
    const { status, stderr } = await new Place(t).forkd("logs", "-n", "-1");
    const sentence = 'forkd: --lines must be a whole number up to 999999; received "-1".\n';
    assert.deepEqual([status, stderr], [mistake, sentence]);
  });
});

/** A daemon that has logged that. */
async function logged(t: TestContext, ...words: string[]): Promise<{ place: Place; daemon: Started; log: string }> {
  const place = new Place(t);
  const daemon = await place.start(fixture("commands"), "--no-connection-log");
  for (const word of words) await exchange(daemon.port, `log ${word}\n`);
  const isThere = (word: string): boolean => recordsIn(daemon.log).some(({ msg }) => msg === word);
  await waitFor("the records", () => words.every(isThere));
  return { place, daemon, log: daemon.log };
}
