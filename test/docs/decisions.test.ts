import assert from "node:assert/strict";
import { test } from "node:test";
import { namesIn, pages, readPage } from "./pages.ts";

void test("decisions are numbered in one row, and say context, decision and consequence", () => {
  const decisions = pages.filter((page) => page.startsWith("docs/decisions/")).toSorted();
  for (const [index, page] of decisions.entries()) {
    const number = String(index + 1).padStart(4, "0");
    assert.match(page, new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
    const headings = readPage(page).match(/^#+ .+$/gm) ?? [];
    assert.match(headings[0] ?? "", new RegExp(`^# ${number}: `));
    assert.deepEqual(headings.slice(1), ["## Context", "## Decision", "## Consequence"], page);
  }
});

void test("decision 0007 names the flags and variables that a zygote is started with", () => {
  const page = readPage("docs/decisions/0007-flags-of-the-zygote.md");
  const flags = namesIn("dist/supervisor/zygote-boot.js", /"(--[^"]+)"/g);
  const variables = namesIn("dist/zygote/environment.js", /^ +([A-Z_]+): /gm);
  assert.ok(flags.length > 0 && variables.length > 0, "they were found");
  for (const name of [...flags, ...variables]) assert.ok(page.includes(`\`${name}\``), name);
  const named = [...page.matchAll(/`(--[^`]+|[A-Z]+_[A-Z_]+)`/g)].map(([, name = ""]) => name);
  assert.deepEqual(named.toSorted(), [...flags, ...variables].toSorted());
});
