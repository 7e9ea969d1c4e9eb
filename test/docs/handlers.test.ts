import assert from "node:assert/strict";
import { test } from "node:test";
import { endLevels } from "../../dist/scoreboard/ended-worker.js";
import { outcomes, type Outcome } from "../../dist/scoreboard/states.js";
import { tableUnder } from "./pages.ts";

/** What the wait status tells is logged in words of its own. */
const wordsByStatus: Readonly<Partial<Record<Outcome, string>>> = {
  none: "exit 0",
  exited: "exit N",
  killed: "killed by NAME",
};

void test("docs/handlers.md tells every end of a connection, and its level", () => {
  const rows = tableUnder("docs/handlers.md", "How a connection ends").map(([reason = "", level = "", meaning]) => {
    assert.ok(meaning, `${reason} is explained`);
    return `${reason}: ${level}`.replaceAll("`", "");
  });
  const expected = outcomes.map((outcome) => `${wordsByStatus[outcome] ?? outcome}: ${endLevels[outcome]}`);
  assert.deepEqual(new Set(rows), new Set(expected));
  assert.equal(rows.length, expected.length);
});
