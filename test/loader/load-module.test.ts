import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loaderFlags } from "../../dist/loader/loader-flags.js";
import type { Failure, Outcome } from "./fixtures-load/load.js";

const program = fileURLToPath(new URL("fixtures-load/load.js", import.meta.url));

const onlyImport = {
  "node_modules/only-import/package.json": '{ "type": "module", "exports": { "import": "./index.js" } }',
  "node_modules/only-import/index.js": 'export const instance = {}; export default "only-import";',
};

test("flags are needed only by Nodes without hooks in the importing thread", () => {
  const needed = ["--experimental-vm-modules", "--experimental-import-meta-resolve"];
  for (const version of ["v20.19.0", "v20.20.2", "22.14.0", "23.4.0"]) assert.deepEqual(loaderFlags(version), needed);
  for (const version of ["22.15.0", "v22.23.3", "23.5.0", "24.0.0", "v26.10.0"])
    assert.deepEqual(loaderFlags(version), []);
});

for (const name of ["main.ts", "main.mts"]) {
  test(`${name} is loaded, its types stripped`, (t) => {
    const source = "type N = number;\nexport default ((n: N): N => n satisfies number)(7 as N);";
    assert.equal(load(t, { [name]: source }).exported, 7);
  });
}

for (const [name, source] of Object.entries({
  "main.js": "export default 7;",
  "main.mjs": "export default await 7;",
  "main.cjs": "module.exports = 7;",
})) {
  test(`${name} is loaded`, (t) => {
    assert.equal(load(t, { "package.json": '{ "type": "module" }', [name]: source }).exported, 7);
  });
}

test("a .ts file is an ES module, whatever the package says", (t) => {
  for (const contents of ["{}", '{ "type": "commonjs" }', '{ "type": "module" }']) {
    assert.equal(load(t, { "package.json": contents, "main.ts": "export default 7 as number;" }).exported, 7);
  }
});

test("nothing is left behind: no thread, process, handle, descriptor, warning, nor the stripper's memory", (t) => {
  const { before, after, stderr } = load(t, {
    "main.ts": 'import { x } from "./other.ts"; export default x as number;',
    "other.ts": "export const x: number = await 1;",
  });
  const { privateKiB: memoryBefore, ...atRest } = before;
  const { privateKiB: memoryAfter, ...stillAtRest } = after;
  assert.deepEqual(stillAtRest, atRest);
  assert.deepEqual(after.resources, []);
  assert.equal(after.children, "");
  assert.ok(memoryAfter - memoryBefore < 4096, `${memoryAfter - memoryBefore} KiB more`); // a stripper takes 10 MiB
  assert.equal(stderr, "");
});

test("the module's own experimental warnings are shown", (t) => {
  const { stderr } = load(t, { "main.ts": 'process.emitWarning("of mine", "ExperimentalWarning");' });
  assert.match(stderr, /ExperimentalWarning: of mine/);
});

test("TypeScript modules import each other in cycles, with live bindings, once", (t) => {
  const { exported } = load(t, {
    "main.ts": `
      import { count, increment } from "./count.ts";
      import { even } from "./even.ts";
      const again = await import("./count.ts");
      const [one, other] = await Promise.all([import("./even.ts"), import("./odd.ts")]);
      increment();
      export default [count, again.count, again.increment === increment, even(10), one.even === even, other.odd(10)];`,
    "count.ts": "export let count: number = 0; export const increment = (): number => (count += 1);",
    "even.ts": 'import { odd } from "./odd.ts"; export const even = (n: number): boolean => n === 0 || odd(n - 1);',
    "odd.ts": 'import { even } from "./even.ts"; export const odd = (n: number): boolean => n > 0 && even(n - 1);',
  });
  assert.deepEqual(exported, [1, 1, true, true, true, false]);
});

test("top-level await holds back the importer", (t) => {
  const { exported } = load(t, {
    "main.ts": 'import { value } from "./slow.mts"; export default value;',
    "slow.mts": "export const value: string = await new Promise((done) => setImmediate(done, 'awaited'));",
  });
  assert.equal(exported, "awaited");
});

test("import.meta is Node's", (t) => {
  const { exported, folder } = load(t, {
    ...onlyImport,
    "main.ts": 'export { default } from "./deep/er.ts";',
    "deep/er.ts": `const { url, filename, dirname, resolve } = import.meta;
      export default { url, filename, dirname, local: resolve("./x.js"), pkg: resolve("only-import") };`,
  });
  assert.deepEqual(exported, {
    url: `file://${folder}/deep/er.ts`,
    filename: `${folder}/deep/er.ts`,
    dirname: `${folder}/deep`,
    local: `file://${folder}/deep/x.js`,
    pkg: `file://${folder}/node_modules/only-import/index.js`,
  });
});

test("JavaScript, packages, JSON and built-in modules are those that Node loads, never a second time", (t) => {
  const { exported } = load(t, {
    ...onlyImport,
    "node_modules/common/index.js": "exports.instance = {};",
    "data.json": '{ "value": 1 }',
    "native.mjs": `export { instance } from "only-import"; export { default as common } from "common";
      export { readFileSync } from "node:fs";`,
    "main.ts": `
      import { readFileSync } from "fs";
      import name, { instance } from "only-import";
      import { instance as commonInstance } from "common";
      import * as native from "./native.mjs";
      import data from "./data.json" with { type: "json" };
      const dynamic = await import("only-import");
      const dynamicData = await import("./data.json", { with: { type: "json" } });
      export default [
        name, instance === native.instance, instance === dynamic.instance, commonInstance === native.common.instance,
        readFileSync === native.readFileSync, data, data === dynamicData.default,
      ];`,
  });
  assert.deepEqual(exported, ["only-import", true, true, true, true, { value: 1 }, true]);
});

test("TypeScript is found behind symbolic links and package imports", (t) => {
  const { exported } = load(
    t,
    {
      "package.json": '{ "type": "module", "imports": { "#lib/*": "./lib/*.ts" } }',
      "lib/a.ts": "export const a: number = 1;",
      "main.ts": 'import { a } from "#lib/a"; import { a as linked } from "./linked/a.ts"; export default [a, linked];',
    },
    (folder) => symlinkSync("lib", join(folder, "linked")),
  );
  assert.deepEqual(exported, [1, 1]);
});

test("a later import() of a literal path needs no process: it was stripped with the rest", (t) => {
  const { exported } = load(t, {
    "main.ts": `export default async () => {
      process.execPath = "/nonexistent";
      const failed: Error = await import("./" + "unforeseen.ts").catch((error) => error);
      return [(await import("./later.ts")).later, failed.message];
    };`,
    "later.ts": "export const later: number = 1;",
    "unforeseen.ts": "",
  });
  const [later, failure] = exported as [number, string];
  assert.equal(later, 1);
  assert.match(failure, /^The process that strips the types of .*unforeseen\.ts failed/);
});

const byNode = loaderFlags(process.version).length === 0 && "with hooks, Node's own loader decides, and some remember";

test("an import() that failed may be tried again", { skip: byNode }, (t) => {
  const { exported } = load(t, {
    "main.ts": `
      import { writeFileSync } from "node:fs";
      const attempt = (): Promise<string> => import("./half.ts").then(() => "loaded", (error) => error.code);
      const first = await attempt();
      writeFileSync(new URL("missing.ts", import.meta.url), "");
      export default [first, await attempt()];`,
    "half.ts": 'import "./whole.ts"; import "./missing.ts";',
    "whole.ts": "",
  });
  assert.deepEqual(exported, ["ERR_MODULE_NOT_FOUND", "loaded"]);
});

test("a path where there is no file", (t) => {
  const { error, folder } = load(t, {});
  assert.equal(error?.code, "FORKD_E_MODULE_NOT_FOUND");
  assert.equal(error?.message, `There is no module ${folder}/main.ts: give the path of an existing file.`);
});

test("a folder is no module, nor is what is no regular file", (t) => {
  const folder = load(t, {}, (path) => mkdirSync(join(path, "main.ts")));
  assert.equal(folder.error?.code, "FORKD_E_MODULE_NOT_FOUND");
  assert.equal(
    folder.error?.message,
    `${folder.folder}/main.ts is a folder: give the path of the file that is the module.`,
  );
  const device = load(t, {}, (path) => symlinkSync("/dev/null", join(path, "main.ts")));
  assert.match(String(device.error?.message), /main\.ts is no regular file: give the path of the file/);
});

test("a file that is no module", (t) => {
  const { error, folder } = load(t, { "main.py": "" });
  assert.equal(error?.code, "FORKD_E_MODULE_NOT_FOUND");
  assert.equal(
    error?.message,
    `A module must be a .ts, .mts, .js, .mjs, .cjs file, but the name of ${folder}/main.py ends in .py.`,
  );
});

for (const name of ["main.ts", "main.mjs"]) {
  test(`what ${name} throws is the cause, its stack with line and column`, (t) => {
    const source = 'import "node:fs";\n\n  throw new RangeError("too far");';
    const { cause, folder, message } = loadFailing(t, { [name]: source });
    assert.equal(cause.name, "RangeError");
    assert.match(cause.stack, new RegExp(`^RangeError: too far\n    at file://${folder}/${name}:3:9`));
    assert.match(message, new RegExp(`^The module ${folder}/${name} could not be loaded\\..* RangeError: too far$`));
  });

  test(`a syntax error in ${name}, or in what it imports, names file and line, and shows the source`, (t) => {
    for (const [main, broken] of [
      [name, "\nconst a = ;"],
      [`imports-${name}`, '\nlet a = ""; let a = "";'],
    ] as const) {
      const { cause, folder } = loadFailing(t, { [main]: `import "./${name}";`, [name]: broken });
      assert.equal(cause.name, "SyntaxError");
      assert.match(
        cause.stack,
        new RegExp(`^(file://)?${folder}/${name}:2\n[^]*${broken.trim()}\n *\\^[^]*SyntaxError`),
      );
    }
  });

  test(`an import that does not exist in ${name} is told with the file that imports it`, (t) => {
    const file = loadFailing(t, { [name]: 'import "./gone.js";' });
    assert.equal(file.cause.code, "ERR_MODULE_NOT_FOUND");
    assert.ok(
      file.message.endsWith(`Cannot find module '${file.folder}/gone.js' imported from ${file.folder}/${name}`),
    );
    const pkg = loadFailing(t, { [name]: 'import "gone";' });
    assert.equal(pkg.cause.code, "ERR_MODULE_NOT_FOUND");
    assert.ok(pkg.message.endsWith(`Cannot find package 'gone' imported from ${pkg.folder}/${name}`), pkg.message);
    const named = loadFailing(t, { [name]: '\nimport { gone } from "./has.mjs";', "has.mjs": "" });
    assert.match(named.cause.stack, new RegExp(`^file://${named.folder}/${name}:2\n`));
    assert.match(named.message, /does not provide an export named 'gone'$/);
  });
}

test("a SyntaxError that the module throws keeps its stack", (t) => {
  const { cause, folder } = loadFailing(t, { "main.ts": '\n\nJSON.parse("{");' });
  assert.match(cause.stack, new RegExp(`^SyntaxError: .*\n    at JSON.parse .*\n    at file://${folder}/main.ts:3:6`));
});

test("what is not erasable is refused as Node refuses it", (t) => {
  const { cause, folder } = loadFailing(t, { "main.ts": "const a = 1;\nenum E { A }" });
  assert.equal(cause.code, "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX");
  assert.match(cause.message, /enum is not supported in strip-only mode/);
  assert.ok(cause.stack.startsWith(`${folder}/main.ts:2\n`), cause.stack);
});

type Files = Record<string, string>;
type Loaded = Outcome & { folder: string; stderr: string };

/** Writes the files to a folder of their own and loads the first one named main, or main.ts, in another process. */
function load(t: TestContext, files: Files, prepare: (folder: string) => void = () => {}): Loaded {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "forkd-load-")));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
  prepare(folder);
  const main = join(folder, Object.keys(files).find((name) => name.includes("main.")) ?? "main.ts");
  const flags = ["--single-threaded", "--single-threaded-gc", "--expose-gc", ...loaderFlags(process.version)];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, program, main], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return { ...(JSON.parse(stdout) as Outcome), folder, stderr };
}

function loadFailing(t: TestContext, files: Files): { message: string; cause: Failure; folder: string } {
  const { error, folder } = load(t, files);
  assert.equal(error?.code, "FORKD_E_MODULE_FAILED");
  assert.ok(error.cause);
  return { message: error.message, cause: error.cause, folder };
}
