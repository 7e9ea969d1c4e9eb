import assert from "node:assert/strict";
import { test } from "node:test";
import { namesIn, tableUnder } from "./pages.ts";

void test("docs/signals.md names the signals that the supervisor handles", () => {
  const handled = namesIn("dist/supervisor/main.js", /process\.on\("SIG([A-Z0-9]+)"/g);
  assert.deepEqual(namesUnder("To the supervisor"), handled);
});

void test("docs/signals.md names the signals that a worker handles", () => {
  const handled = namesIn("native/sys/worker.c", /^ +(?:handle|signal)\((\w+), (?:on_signal|SIG_IGN)\);/gm);
  const orphaned = namesIn("native/sys/worker.h", /#define FK_ORPHANED \(SIG(RTMIN \+ \d)\)/g);
  const names = [...handled, ...orphaned].filter((name) => name !== "FK_ORPHANED");
  assert.deepEqual(
    namesUnder("To a worker"),
    names.map((name) => name.replace(/^SIG|\s/g, "").replaceAll(" ", "")).toSorted(),
  );
});

/** The first cells, but for those that are no names. */
function namesUnder(heading: string): string[] {
  const cells = tableUnder("docs/signals.md", heading).flatMap(([signals = ""]) => signals.split(", "));
  return cells.filter((cell) => /^[A-Z0-9+]+$/.test(cell)).toSorted();
}
