import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorCatalogue } from "../../dist/errors.js";
import { fallbackInWords, type Option, optionNames, optionTable } from "../../dist/config/option-table.js";
import { expectedSections } from "./options-page.js";

const root = new URL("../../", import.meta.url);

test("docs/options.md says of each option what the table says", () => {
  const sections = sectionsOf("docs/options.md", "### ");
  const expected = expectedSections();
  assert.deepEqual([...sections.keys()], [...expected.keys()]);
  for (const [name, text] of expected) {
    const section = sections.get(name) ?? "";
    assert.equal(section.slice(0, text.length), text, `the section of ${name} begins as the table says`);
    assert.match(section.slice(text.length), /^\n\n|^$/);
  }
});

test("docs/errors.md says of each error when, what then, and the way out", () => {
  const sections = sectionsOf("docs/errors.md", "## ");
  assert.deepEqual([...sections.keys()], Object.keys(errorCatalogue));
  for (const [code, status] of Object.entries(errorCatalogue)) {
    const pattern = new RegExp(`^- When: .+\\.\\n- Exit status: ${status}\\n- Way out: .+\\.$`);
    assert.match(sections.get(code) ?? "", pattern, code);
  }
});

test("the @default of each option in the types is the table's", () => {
  const types = readFileSync(new URL("dist/define-daemon.d.ts", root), "utf8");
  const written = {
    ...defaultsIn(types, "DaemonOptions", ""),
    ...defaultsIn(types, "RestartPolicy", "restart."),
    ...defaultsIn(types, "Limits", "limits."),
  };
  const expected = optionNames.map((name) => [name, fallbackInWords(optionTable[name] as Option<unknown>)]);
  assert.deepEqual(written, Object.fromEntries(expected));
});

function defaultsIn(types: string, name: string, prefix: string): Record<string, string> {
  const [, body = ""] = new RegExp(`interface ${name} \\{(.*?)^\\}`, "ms").exec(types) ?? [];
  const defaults = body.matchAll(/@default (.+)\n\s+\*\/\n\s+readonly (\w+)\?:/g);
  return Object.fromEntries([...defaults].map(([, text = "", option]) => [`${prefix}${option}`, text]));
}

/** The sections of a page by their headings, up to the next heading of whatever level. */
function sectionsOf(path: string, mark: string): Map<string, string> {
  const page = readFileSync(new URL(path, root), "utf8");
  const parts = page.split(/^(?=#{1,6} )/m).filter((part) => part.startsWith(mark));
  return new Map(parts.map((part) => splitHeading(part.slice(mark.length))));
}

function splitHeading(part: string): [string, string] {
  const end = part.indexOf("\n");
  return [part.slice(0, end).trim(), part.slice(end).trim()];
}
