import assert from "node:assert/strict";
import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { LogTail } from "../../dist/cli/log-tail.js";
import { logPath } from "../support/log-file.ts";
import { waitFor } from "../support/wait-for.ts";

void test("the last lines are read from the end, whatever their number and length", (t) => {
  const lines = Array.from({ length: 3000 }, (_, number) => `${number} ${"é".repeat(number % 100)}`);
  const log = new LogTail(logOf(t, `${lines.join("\n")}\n`));
  for (const count of [1, 2, 20, 999, 2999, 3000, 4000]) assert.deepEqual(log.lastLines(count), lines.slice(-count));
  assert.deepEqual(log.lastLines(0), []);
});

void test("lines longer than what is read at once, and empty ones", (t) => {
  const lines = ["first", "x".repeat(200_000), "", "y".repeat(70_000), ""];
  const log = new LogTail(logOf(t, `${lines.join("\n")}\n`));
  for (const count of [1, 2, 3, 4, 5, 6]) assert.deepEqual(log.lastLines(count), lines.slice(-count));
});

void test("a file without a line has none", (t) => {
  assert.deepEqual(new LogTail(logOf(t, "")).lastLines(5), []);
  assert.deepEqual(new LogTail(logOf(t, "begun")).lastLines(5), []);
});

void test("what follows begins behind the last line, and is told line by line", async (t) => {
  const path = logOf(t, "one\ntwo\nthr");
  const { last, told } = follow(t, path, 1);
  assert.deepEqual(last, ["two"]);
  const [start, end] = [Buffer.from("ee\nfour\nfé").subarray(0, -1), Buffer.from("é\n").subarray(1)];
  appendFileSync(path, start);
  await waitFor("two lines", () => told.length === 2);
  appendFileSync(path, end);
  await waitFor("the last line", () => told.length === 3);
  assert.deepEqual(told, ["three", "four", "fé"]);
});

void test("a file that is renamed is read on until its successor is written to", async (t) => {
  const path = logOf(t, "");
  const { told } = follow(t, path, 0);
  appendFileSync(path, "before\n");
  await waitFor("the first line", () => told.length === 1);
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, "after it was renamed\n");
  await waitFor("the second line", () => told.length === 2);
  writeFileSync(path, "");
  appendFileSync(`${path}.1`, "beside an empty one\n");
  await waitFor("the third line", () => told.length === 3);
  appendFileSync(path, "new\n");
  await waitFor("four lines", () => told.length === 4);
  assert.deepEqual(told, ["before", "after it was renamed", "beside an empty one", "new"]);
});

void test("a file that is truncated is read from its beginning", async (t) => {
  const path = logOf(t, "");
  const { told } = follow(t, path, 0);
  appendFileSync(path, "before\nbegun");
  await waitFor("the first line", () => told.length === 1);
  truncateSync(path);
  appendFileSync(path, "after\n");
  await waitFor("the second line", () => told.length === 2);
  assert.deepEqual(told, ["before", "after"]);
});

void test("so is one that was truncated and has grown again, be it to the same length", async (t) => {
  const path = logOf(t, "2001 once\n");
  const { last, told } = follow(t, path, 5);
  assert.deepEqual(last, ["2001 once"]);
  truncateSync(path);
  appendFileSync(path, "2002 more\n");
  await waitFor("the line", () => told.length === 1);
  truncateSync(path);
  appendFileSync(path, "2003 again, and longer\n2004\n");
  await waitFor("two lines more", () => told.length === 3);
  assert.deepEqual(told, ["2002 more", "2003 again, and longer", "2004"]);
});

void test("a file that is not there is named", () => {
  const message = /^The log file \/nowhere\/x\.log cannot be read: ENOENT \(no such file or directory\)\. /;
  assert.throws(() => new LogTail("/nowhere/x.log"), { code: "FORKD_E_LOG_FILE", message });
});

/** Follows a file behind its last lines, for as long as the test lasts. */
function follow(t: TestContext, path: string, count: number): { last: string[]; told: string[] } {
  const reader = new LogTail(path);
  const last = reader.lastLines(count);
  const told: string[] = [];
  const end = new AbortController();
  const following = reader.follow((line) => void told.push(line), end.signal);
  t.after(async () => {
    end.abort();
    await following;
  });
  return { last, told };
}

function logOf(t: TestContext, text: string): string {
  const path = logPath(t);
  writeFileSync(path, text);
  return path;
}
