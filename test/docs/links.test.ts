import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { linkedPaths, pages, root } from "./pages.ts";

for (const page of pages) {
  void test(`the links of ${page} lead somewhere`, () => {
    for (const path of linkedPaths(page)) assert.ok(existsSync(join(root, path)), `${page} links to ${path}`);
  });
}

void test("every page in docs can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const path of linkedPaths(page)) if (pages.includes(path)) reached.add(path);
  }
  assert.deepEqual(
    [...pages].filter((page) => !reached.has(page)),
    [],
  );
});
