import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeBlocks, pages, root } from "./pages.ts";

void test("the examples in TypeScript are right by their types", (t) => {
  const folder = mkdtempSync(join(root, "build-test", "examples-")); // inside, so that "forkd" is this package
  t.after(() => rmSync(folder, { recursive: true }));
  const examples = pages.flatMap((page) => codeBlocks(page, "ts").map((code) => ({ page, code })));
  for (const [index, { page, code }] of examples.entries()) {
    writeFileSync(join(folder, `${page.replaceAll("/", "-")}-${index}.ts`), code);
  }
  const config = { extends: "../../tsconfig.json", compilerOptions: { rootDir: ".", noEmit: true }, include: ["."] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.equal(status, 0);
  assert.ok(examples.length >= 6, "the examples were found");
});
