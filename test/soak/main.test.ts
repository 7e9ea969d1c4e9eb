import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { waitFor } from "../support/wait-for.ts";

const program = fileURLToPath(new URL("main.js", import.meta.url));

void test("a short soak goes well, and says so", async () => {
  const child = spawn(process.execPath, [program, "--connections", "500"], { stdio: ["ignore", "pipe", "ignore"] });
  const [told, [status]] = await Promise.all([text(child.stdout), once(child, "close")]);
  assert.equal(status, 0, told);
  for (const style of ["async", "blocking"]) {
    assert.match(told, new RegExp(`^fork, ${style}: 250 connections in `, "m"));
    assert.match(told, new RegExp(`^spawn, ${style}: 5 connections in `, "m"));
  }
  assert.match(told, /ends: completed \d+, .*killed by SIGSEGV \d+/);
  assert.equal(told.match(/deviations: none$/gm)?.length, 4, told);
});

void test("Ctrl-C ends it in order, with what is known so far", async () => {
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "pipe"] });
  let progress = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (progress += part));
  const summary = text(child.stdout);
  await waitFor("it to be under way", () => progress.includes("fork, async: "));
  child.kill("SIGINT");
  const [status] = await once(child, "close");
  assert.equal(status, 130, await summary);
  assert.match(progress, /^Interrupted\.$/m);
  assert.match(await summary, /^fork, async: \d+ connections/);
});
