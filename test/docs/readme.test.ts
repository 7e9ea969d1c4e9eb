import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Client } from "../support/client.ts";
import { TestDaemon } from "../support/daemon.ts";
import { Place } from "../support/place.ts";
import { waitFor } from "../support/wait-for.ts";
import { codeBlocks, root } from "./pages.ts";

const [program = ""] = codeBlocks("README.md", "ts");
const [started = "", talked = "", crashed = "", background = ""] = codeBlocks("README.md", "console");

void test("the README's program has eight lines and does what the README shows", async (t) => {
  assert.equal(program.trimEnd().split("\n").length, 8);
  const daemon = await TestDaemon.start(t, moduleOf(t, "upper.ts", program));
  const client = await Client.open(daemon.port);
  const [, greeting = "", line = "", answer] = talked.split("\n");
  client.send(`${line}\n`);
  await client.receives(`${answer}\r\n`);
  const [, pid = ""] = /Process (\d+) /.exec(client.received) ?? [];
  assert.equal(client.received, `${greeting.replace(/\d+/, pid)}\r\n${answer}\r\n`);

  process.kill(Number(pid), "SIGSEGV");
  const record = await daemon.waitForEnd("killed by SIGSEGV");
  await client.rest();
  const [, level, msg, fields = "{}"] = /([A-Z]+): ([^{]+) (\{.*\})/.exec(crashed) ?? [];
  assert.deepEqual([record.level.toUpperCase(), record.msg], [level, msg]);
  for (const [name, shown] of Object.entries(JSON.parse(fields) as Record<string, unknown>)) {
    assert.equal(figuresApart(record[name]), figuresApart(shown), name);
  }
});

void test("the README's program is called, and listens, as the README shows", async (t) => {
  const daemon = await TestDaemon.start(t, moduleOf(t, "upper.ts", program), "--log-format", "pretty");
  const [address = ""] = daemon.addresses;
  const [, shown] = started.split("\n");
  await waitFor("the line that says where it listens", () => daemon.stderr.endsWith("\n"));
  assert.equal(plain(daemon.stderr).replaceAll(address, "127.0.0.1:1234"), plain(`${shown}\n`));
});

void test("the commands of a daemon in the background answer as the README shows", async (t) => {
  const place = new Place(t);
  const cwd = dirname(moduleOf(t, "upper.ts", program));
  const log = join(place.folder, "upper.log");
  place.variables["FORKD_LISTEN"] = "127.0.0.1:0";
  place.variables["FORKD_LOG_FILE"] = log;
  for (const [, command = "", shown = ""] of background.matchAll(/^\$ npx forkd (.+)\n((?:[^$].*\n)+)/gm)) {
    const { stdout, stderr } = await place.forkdIn({ cwd }, ...command.split(" "));
    assert.equal(stderr, "");
    const answer = stdout.replaceAll(cwd, "/srv").replaceAll(log, "/var/log/forkd/upper.log");
    assert.equal(circumstancesApart(answer), circumstancesApart(shown), command);
  }
});

void test("the README's two commands are there as they must be typed", () => {
  assert.deepEqual(codeBlocks("README.md", "sh").slice(0, 2), ["npm ci && npm start\n", "npm ci && npm test\n"]);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts["start"] ?? "", / run examples\/uppercase\.ts$/);
});

/** The module as a file of that name inside the project, so that "forkd" is this package. */
function moduleOf(t: { after: (cleanUp: () => void) => void }, name: string, source: string): string {
  const folder = mkdtempSync(join(root, "build-test", "readme-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), source);
  return join(folder, name);
}

/** `N.N.N` for `1.41.1`: each run has its own. */
function figuresApart(value: unknown): string {
  return JSON.stringify(value).replaceAll(/\d+/g, "N");
}

/** Each run has its own figures, and lasts for a time of its own. */
const circumstancesApart = (text: string): string =>
  text.replaceAll(/, for .*$/gm, ", for a while").replaceAll(/\d+(\.\d+)*/g, "N");

/** Without colours and times. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- colours are control characters
  return text.replaceAll(/\x1b\[\d+m/g, "").replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, "TIME");
}
