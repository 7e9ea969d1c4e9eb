import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../../dist/cli/program.js";
import { readPage } from "./pages.ts";

void test("docs/commands.md lists the commands that there are, in the order of --help", async () => {
  const program = await createProgram(() => undefined);
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  const told = [...readPage("docs/commands.md").matchAll(/^\| `forkd (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(
    told,
    names.filter((name) => name !== "help"),
  );
});
