import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { addRun, requestOf } from "../../dist/cli/commands/run.js";
import { createProgram } from "../../dist/cli/program.js";
import type { SuperviseRequest } from "../../dist/supervisor/main.js";
import { optionNames } from "../../dist/config/option-table.js";
import { argumentsOf, exampleOf } from "../config/options-page.js";

test("a module alone makes an empty request", async () => {
  assert.deepEqual(await parse("run", "x.ts"), { modulePath: "x.ts", flags: {} });
});

test("every option has its flag, whose text is passed on by the option's name", async () => {
  const args = optionNames.flatMap(argumentsOf);
  const { flags } = await parse("run", ...args, "x.ts");
  const expected = optionNames.map((name) => [
    name,
    name === "listen" ? exampleOf(name).flags : exampleOf(name).flags[0],
  ]);
  assert.deepEqual(flags, Object.fromEntries(expected));
});

test("a value may look like a flag, for the option's rule to judge", async () => {
  const { flags } = await parse("run", "x.ts", "--max-connections", "-5");
  assert.deepEqual(flags, { maxConnections: "-5" });
});

test("--ready-fd is a number", async () => {
  const fd = openSync("/dev/null", "w");
  try {
    const request = await parse("run", "x.ts", "--ready-fd", String(fd));
    assert.deepEqual(request, { modulePath: "x.ts", flags: {}, readyFd: fd });
  } finally {
    closeSync(fd);
  }
});

test("a line of a description ends only where the next word has no room", async () => {
  const width = 80;
  const { commands } = await createProgram(() => undefined);
  for (const command of commands) {
    const [told = ""] = command.helpInformation().split(/^(?:Arguments|Options):$/m);
    for (const paragraph of told.trimEnd().split("\n\n")) {
      const [first = "", ...others] = paragraph.split("\n");
      let last = first;
      for (const line of others) {
        assert.ok(`${last} ${line.split(" ")[0]}`.length > width, `${command.name()}: ${paragraph}`);
        last = line;
      }
    }
  }
});

/** What `forkd run` asks for: the command as it is, but for what it does. */
async function parse(...args: readonly string[]): Promise<SuperviseRequest> {
  const requests: SuperviseRequest[] = [];
  const program = new Command();
  addRun(program, () => undefined);
  const [run] = program.commands;
  run?.action((modulePath: string, options) => void requests.push(requestOf(modulePath, options)));
  await program.parseAsync(args, { from: "user" });
  const [request] = requests;
  assert.ok(request !== undefined && requests.length === 1);
  return request;
}
