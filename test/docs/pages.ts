import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The pages for people, by their paths from the root. */
export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** The text of a page, or of any file, by its path from the root. */
export const readPage = (path: string): string => readFileSync(join(root, path), "utf8");

/** The blocks of code in that language, in order. */
export function codeBlocks(page: string, language: string): string[] {
  const blocks = readPage(page).matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...blocks].filter(([, name]) => name === language).map(([, , code = ""]) => code);
}

/** Where the relative links of a page lead, from the root, without their anchors. */
export function linkedPaths(page: string): string[] {
  const text = readPage(page).replaceAll(/^```.*?^```$/gms, "");
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^\w+:/.test(target)).map((target) => join(dirname(page), target));
}

/** The rows of the table that stands under a heading, without its head; each row as the text of its cells. */
export function tableUnder(page: string, heading: string): string[][] {
  const section =
    readPage(page)
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** What the pattern's first group finds in a file, in alphabetical order. */
export function namesIn(path: string, pattern: RegExp): string[] {
  return [...readPage(path).matchAll(pattern)].map(([, name = ""]) => name).toSorted();
}
