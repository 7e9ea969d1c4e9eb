import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  fallbackInWords,
  flagOf,
  type Option,
  optionNames,
  optionTable,
  variableOf,
} from "../../dist/config/option-table.js";

const root = new URL("../../", import.meta.url);
const main = fileURLToPath(new URL("dist/cli/main.js", root));

test("--version is package.json's, however it is asked for", () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };
  assert.deepEqual(forkd("--version"), { status: 0, stdout: `${version}\n`, stderr: "" });
  assert.deepEqual(forkd("--version", "run"), { status: 0, stdout: `${version}\n`, stderr: "" });
});

test("what cannot be written is told, and is no success", () => {
  const full = openSync("/dev/full", "w");
  const why = "ENOSPC (no space left on device)";
  const sentence = `forkd: Standard output cannot be written to: ${why}. Mend that, or send it elsewhere.\n`;
  for (const args of [["--version"], ["--help"], ["completion", "bash"]]) {
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    assert.deepEqual({ status, stderr }, { status: 111, stderr: sentence }, args.join(" "));
  }
  closeSync(full);
});

test("without arguments the help goes to stderr and the status is that of a mistake", () => {
  const { status, stdout, stderr } = forkd();
  assert.equal(status, 100);
  assert.equal(stdout, "");
  assert.equal(stderr, forkd("help").stdout);
});

test("the help shows a daemon, examples and the exit statuses", () => {
  const { status, stdout, stderr } = forkd("--help");
  assert.equal(status, 0);
  assert.equal(stderr, "");
  for (const text of ["defineDaemon({", "forkd run greeter.ts", "\n  100  ", "\n  101  ", "\n  111  "])
    assert.ok(stdout.includes(text), text);
});

test("the help of run tells each option's meaning, rule, default and variable", () => {
  const { status, stdout } = forkd("run", "--help");
  assert.equal(status, 0);
  const words = stdout.replaceAll(/\s+/g, " ");
  for (const name of optionNames) {
    const option: Option<unknown> = optionTable[name];
    const { kind, meaning } = option;
    const value = kind.isSwitch ? "" : ` <${kind.placeholder}>`;
    const flag = `${flagOf(name)}${value} ${meaning} Takes ${kind.rule}. `;
    const expected = `${flag}Default: ${fallbackInWords(option)}. Variable: ${variableOf(name)}.`;
    assert.ok(words.includes(expected), expected);
  }
  assert.ok(words.includes("--ready-fd <N> When the daemon is ready"));
  const longest = Math.max(...stdout.split("\n").map((line) => line.length));
  assert.ok(longest <= 80, `the longest line has ${longest} characters`);
});

for (const [args, sentence] of [
  ["rnu x.ts", "Unknown command 'rnu'; did you mean run? See: forkd --help"],
  ["strat --help", "Unknown command 'strat'; did you mean start? See: forkd --help"],
  ["help strat", "Unknown command 'strat'; did you mean start? See: forkd --help"],
  ["x.ts", "Unknown command 'x.ts'; did you mean: forkd run x.ts? See: forkd --help"],
  ["run", "Missing required argument 'MODULE'. See: forkd run --help"],
  ["run x.ts y.ts", "Too many arguments for 'run'. Expected 1 argument but got 2. See: forkd run --help"],
  [
    "run x.ts --max-conections 3",
    "Unknown option '--max-conections'; did you mean --max-connections? See: forkd run --help",
  ],
  ["run x.ts --listen", "Option '--listen <ADDRESS>' argument missing. See: forkd run --help"],
  ["run x.ts --ready-fd 2", readyFdSentence("2")],
  ["run x.ts --ready-fd 999999", readyFdSentence("999999")],
  ["run x.ts --ready-fd three", readyFdSentence("three")],
] as const) {
  test(`forkd ${args} is a mistake, told in a sentence`, () => {
    assert.deepEqual(forkd(...args.split(" ")), { status: 100, stdout: "", stderr: `forkd: ${sentence}\n` });
  });
}

function forkd(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

function readyFdSentence(received: string): string {
  return `--ready-fd must be a descriptor from 3 up that is open for writing; received "${received}". In a shell, "3>ready" opens descriptor 3.`;
}
