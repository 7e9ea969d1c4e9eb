import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { stripAhead } from "../../dist/loader/strip-ahead.js";

void test("a module is stripped of its types, with what it reaches, under the paths that Node knows them by", async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "main.ts"), 'import { x } from "./other.ts"; export default x as number;');
  writeFileSync(join(folder, "other.ts"), "export const x: number = 1;");
  symlinkSync(join(folder, "main.ts"), join(folder, "link.ts"));
  const stripping = stripAhead(join(folder, "link.ts"));
  assert.ok(stripping !== undefined);
  const files = JSON.parse(readFileSync(stripping.output, "utf8")) as Record<string, unknown>;
  closeSync(stripping.output);
  await once(stripping.process, "close");
  assert.deepEqual(files, {
    [join(folder, "main.ts")]: { code: 'import { x } from "./other.ts"; export default x          ;' },
    [join(folder, "other.ts")]: { code: "export const x         = 1;" },
  });
});

void test("nothing is started for JavaScript, for what is not there, and for what is no file", (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "main.js"), "");
  spawnSync("mkfifo", [join(folder, "endless.ts")]);
  for (const name of ["main.js", "missing.ts", "endless.ts"]) assert.equal(stripAhead(join(folder, name)), undefined);
});

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "forkd-strip-")));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
