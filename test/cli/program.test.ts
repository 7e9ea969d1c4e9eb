import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { createProgram, type RunRequest } from "../../dist/cli/program.js";
import { optionNames } from "../../dist/config/option-table.js";
import { argumentsOf, exampleOf } from "../config/options-page.js";

test("a module alone makes an empty request", async () => {
  assert.deepEqual(await requestOf("run", "x.ts"), { modulePath: "x.ts", flags: {} });
});

test("every option has its flag, whose text is passed on by the option's name", async () => {
  const args = optionNames.flatMap(argumentsOf);
  const { flags } = await requestOf("run", ...args, "x.ts");
  const expected = optionNames.map((name) => [
    name,
    name === "listen" ? exampleOf(name).flags : exampleOf(name).flags[0],
  ]);
  assert.deepEqual(flags, Object.fromEntries(expected));
});

test("a value may look like a flag, for the option's rule to judge", async () => {
  const { flags } = await requestOf("run", "x.ts", "--max-connections", "-5");
  assert.deepEqual(flags, { maxConnections: "-5" });
});

test("--ready-fd is a number", async () => {
  const fd = openSync("/dev/null", "w");
  try {
    const request = await requestOf("run", "x.ts", "--ready-fd", String(fd));
    assert.deepEqual(request, { modulePath: "x.ts", flags: {}, readyFd: fd });
  } finally {
    closeSync(fd);
  }
});

async function requestOf(...args: readonly string[]): Promise<RunRequest> {
  const requests: RunRequest[] = [];
  const program = createProgram(async (request) => void requests.push(request));
  await program.parseAsync(args, { from: "user" });
  const [request] = requests;
  assert.ok(request !== undefined && requests.length === 1);
  return request;
}
