import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import type { ConnectionInfo, Status } from "../../../dist/admin/api.js";
import { Client } from "../../support/client.ts";
import { cli, fixture } from "../../support/daemon.ts";
import { Place } from "../../support/place.ts";
import { missing } from "../../support/programs.ts";
import { waitFor } from "../../support/wait-for.ts";

/** What is typed behind `forkd`, and what it can be completed to. */
const cases: readonly (readonly [typed: string, completions: readonly string[]])[] = [
  ["sto", ["stop"]],
  ["sta", ["start", "status"]],
  ["run --log-f", ["--log-file", "--log-format"]],
  ["stop --", ["--help", "--json", "--now", "--runtime-dir"]],
  ["start x.ts --engine ", ["auto", "fork", "spawn"]],
  ["run --log-level e", ["error"]],
  ["completion z", ["zsh"]],
  ["stop ", ["one", "two"]],
  ["status t", ["two"]],
  ["kill 1.1.1 o", ["one"]],
  ["logs -n 5 t", ["two"]],
  ["help sta", ["start", "status"]],
  ["help rel", ["reload"]],
];

void suite("forkd completion bash", () => {
  void test("completes commands, flags, values and names of daemons", async (t) => {
    const place = await placeWithDaemons(t);
    for (const [typed, completions] of cases) assert.deepEqual(inBash(place, typed), completions, typed);
    assert.deepEqual(inBash(place, "run --engine = s"), ["spawn"], "bash takes = for a word of its own");
    assert.deepEqual(inBash(place, "run --listen "), []);
    const id = await soleConnection(t, place);
    assert.deepEqual(inBash(place, "kill "), [id]);
  });

  void test("completes modules, and folders on the way to them", (t) => {
    const place = new Place(t);
    for (const name of ["a.ts", "a b.mjs", "a.txt"]) writeFileSync(join(place.folder, name), "");
    mkdirSync(join(place.folder, "a.d"));
    const at = (name: string): string => join(place.folder, name);
    assert.deepEqual(inBash(place, `run ${at("a")}`), ["a b.mjs", "a.d", "a.ts"].map(at));
    assert.deepEqual(inBash(place, `run --directory ${at("a")}`), [at("a.d")]);
    assert.deepEqual(inBash(place, `run --log-file ${at("a.t")}`), ["a.ts", "a.txt"].map(at));
  });
});

void suite("forkd completion fish", { skip: missing({ fish: "fish" }) }, () => {
  void test("completes commands, flags, values and names of daemons", async (t) => {
    const place = await placeWithDaemons(t);
    const script = `function forkd; ${process.execPath} ${cli} $argv; end; forkd completion fish | source; complete -C $argv[1]`;
    const offered = (typed: string): string[] => {
      const out = run(place, "fish", ["--no-config", "-c", script, `forkd ${typed}`]);
      return out
        .split("\n")
        .map((line) => line.split("\t")[0] ?? "")
        .filter((word) => word !== "");
    };
    for (const [typed, completions] of cases) {
      const words = offered(typed);
      for (const word of completions) assert.ok(words.includes(word), `${typed}: ${word} of ${words.join()}`);
    }
    const id = await soleConnection(t, place);
    assert.deepEqual(offered("kill "), [id]);
  });
});

void suite("forkd completion zsh", { skip: missing({ zsh: "zsh", script: "bsdutils" }) }, () => {
  void test("completes what can only be meant", async (t) => {
    const place = await placeWithDaemons(t);
    const only = cases.filter(([, completions]) => completions.length === 1);
    const setUp = join(place.folder, ".zshrc");
    const forkd = `if [[ $1 == list ]] then ${process.execPath} ${cli} "$@"; else print -r -- "got: $*;"; fi`;
    const lines = ["autoload -U compinit", "compinit -D -u", `forkd() { ${forkd} }`, "PS1='ready: '", "unsetopt beep"];
    writeFileSync(setUp, [...lines, `source <(${process.execPath} ${cli} completion zsh)`, ""].join("\n"));
    const terminal = spawn("script", ["--quiet", "--command", "exec zsh -i", "/dev/null"], {
      env: { ...process.env, ...place.variables, ZDOTDIR: place.folder, TERM: "dumb", SHELL: "/bin/sh" },
    });
    t.after(() => terminal.kill("SIGKILL"));
    let shown = "";
    terminal.stdout.setEncoding("utf8").on("data", (part: string) => (shown += part));
    await waitFor("zsh to be ready", () => shown.includes("ready: "));
    for (const [typed, [word = ""]] of only) {
      const expected = `got: ${typed.replace(/\S*$/, "")}${word};`;
      terminal.stdin.write(`forkd ${typed}\t\n`);
      await waitFor(`${expected} in ${shown.slice(-300)}`, () => shown.includes(expected));
    }
  });
});

void test("a shell that it does not know is refused", async (t) => {
  const { status, stderr } = await new Place(t).forkd("completion", "tcsh");
  assert.match(
    stderr,
    /^forkd: Command-argument value 'tcsh' is invalid .* Allowed choices are bash, zsh, fish\. See: /,
  );
  assert.equal(status, 100);
});

async function placeWithDaemons(t: TestContext): Promise<Place> {
  const place = new Place(t);
  for (const name of ["one", "two"]) await place.start(fixture("commands"), "--name", name);
  return place;
}

/** The id of a connection to the first daemon, when there is no other one any more. */
async function soleConnection(t: TestContext, place: Place): Promise<string> {
  await place.forkd("stop", "two");
  const [{ addresses }] = await place.ask<[Status]>("list");
  const client = await Client.open(Number(addresses[0]?.split(":").at(-1)));
  t.after(() => client.close());
  await place.forkd("wait", "--connections", "1");
  const [{ id }] = await place.ask<[ConnectionInfo]>("connections");
  return id;
}

/** What bash would offer, in order. */
function inBash(place: Place, typed: string): string[] {
  const words = ["forkd", ...typed.split(" ")];
  const script = [
    `forkd() { ${process.execPath} ${cli} "$@"; }`,
    "source <(forkd completion bash)",
    'COMP_WORDS=("$@")',
    "COMP_CWORD=$(($# - 1))",
    "_forkd",
    `printf '%s\\n' "\${COMPREPLY[@]}" | sort -u`,
  ].join("\n");
  const out = run(place, "bash", ["--norc", "-c", script, "bash", ...words]);
  return out.split("\n").filter((word) => word !== "" && word !== "-h");
}

function run({ variables }: Place, program: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...variables, LC_ALL: "C" },
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}
