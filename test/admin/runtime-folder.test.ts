import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { RuntimeFolder, runtimeBase } from "../../dist/admin/runtime-folder.js";
import { fixture } from "../support/daemon.ts";
import { logPath } from "../support/log-file.ts";
import { Place } from "../support/place.ts";
import { missing } from "../support/programs.ts";

const refused = 111;
const nobody = 65534;
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const setprivIsMissing = missing({ setpriv: "util-linux" });
const needsRoot = process.getuid?.() !== 0 && "must be root";
const listen = ["--listen", "127.0.0.1:0"];

void suite("forkd start refuses a runtime folder", () => {
  const cases: readonly {
    readonly what: string;
    readonly spoil: (base: string) => void;
    readonly why: RegExp;
    readonly skip?: string | false;
  }[] = [
    {
      what: "that cannot be made",
      spoil: (base) => {
        rmSync(base, { recursive: true });
        writeFileSync(base, "");
      },
      why: /\S+run cannot be made: (EEXIST|ENOTDIR) \(.*\)/,
    },
    {
      what: "that is open to others",
      spoil: (base) => makeFolder(join(base, "commands"), 0o750),
      why: /others may use it \(mode 750, not 700\)/,
    },
    {
      what: "that is a link",
      spoil: (base) => symlinkSync("/", join(base, "commands")),
      why: /it is there, and is no folder/,
    },
    {
      what: "that belongs to somebody else",
      spoil: (base) => {
        makeFolder(join(base, "commands"), 0o700);
        chownSync(join(base, "commands"), nobody, nobody);
      },
      why: /it belongs to another user \(uid 65534\)/,
      skip: needsRoot,
    },
    {
      what: "in one that belongs to somebody else",
      spoil: (base) => chownSync(base, nobody, nobody),
      why: /\S+run belongs to another user \(uid 65534\)/,
      skip: needsRoot,
    },
    {
      what: "in one where everybody may rename it",
      spoil: (base) => chmodSync(base, 0o777),
      why: /others may write to \S+run \(mode 777\), and it is not sticky/,
    },
  ];
  for (const { what, spoil, why, skip = false } of cases) {
    void test(what, { skip }, async (t) => {
      const place = new Place(t);
      spoil(place.runtimeDir);
      const { status, stdout, stderr } = await place.forkd("start", fixture("commands"), ...listen);
      const sentence = `^forkd: The daemon's files cannot be put into \\S+/commands: ${why.source}\\. Mend that, or choose another folder with --runtime-dir\\.\n$`;
      assert.match(stderr, new RegExp(sentence));
      assert.deepEqual([status, stdout], [refused, ""]);
    });
  }

  void test("that cannot be written to", { skip: setprivIsMissing }, async (t) => {
    const isRoot = process.getuid?.() === 0;
    const place = isRoot ? new Place(t, asNobody, nobody) : new Place(t);
    chmodSync(place.runtimeDir, 0o500);
    const { status, stderr } = await place.forkd("start", fixture("commands"), ...listen);
    assert.match(stderr, /: EACCES \(permission denied\)\. Mend that/);
    assert.equal(status, refused);
  });

  void test("whose socket would have too long a path", async (t) => {
    const place = new Place(t);
    const base = join(place.folder, "x".repeat(80));
    const { status, stderr } = await place.forkd("start", fixture("commands"), ...listen, "--runtime-dir", base);
    assert.match(stderr, /: its socket's path would be longer than 107 bytes\. Mend that, or choose another folder/);
    assert.equal(status, refused);
  });
});

void suite("commands of a user who may not look say so", { skip: needsRoot || setprivIsMissing }, () => {
  for (const [what, command] of [
    ["list", ["list"]],
    ["status", ["status", "commands"]],
    ["stop", ["stop", "commands.js"]],
    ["wait", ["wait", "--stopped", "commands"]],
  ] as const) {
    void test(`forkd ${what}`, async (t) => {
      const place = new Place(t, asNobody);
      makeFolder(join(place.runtimeDir, "commands"), 0o700);
      const foreign = await place.forkd(...command);
      assert.match(foreign.stderr, /^forkd: What runs in \S+commands is not for this user to see: .* \(uid 0\)\. /);
      chmodSync(place.runtimeDir, 0o700);
      const unreadable = await place.forkd(...command);
      assert.match(unreadable.stderr, /^forkd: The folder \S+run, .*, cannot be read: EACCES \(permission denied\)\. /);
      assert.deepEqual([foreign.status, unreadable.status], [refused, refused]);
    });
  }
});

void test("a folder that is fit is made for its user alone, and goes when it is empty", (t) => {
  const base = join(dirname(logPath(t)), "deep", "down");
  const folder = new RuntimeFolder(base, "x");
  folder.make();
  folder.make();
  assert.equal(statSync(folder.path).mode & 0o777, 0o700);
  writeFileSync(folder.pidFile, "");
  folder.remove();
  assert.ok(statSync(folder.path).isDirectory(), "what somebody has put there stays");
  rmSync(folder.pidFile);
  folder.remove();
  assert.equal(statSync(folder.path, { throwIfNoEntry: false }), undefined);
});

void test("the flag beats the variable, and both may be relative", () => {
  assert.equal(runtimeBase("/flag", { FORKD_RUNTIME_DIR: "/variable" }), "/flag");
  assert.equal(runtimeBase("flag", {}), join(process.cwd(), "flag"));
  for (const [flag, variable, subject] of [
    ["", "/variable", "--runtime-dir"],
    [undefined, "", "FORKD_RUNTIME_DIR"],
  ] as const) {
    const message = `${subject} must be the path of a folder; received "".`;
    assert.throws(() => runtimeBase(flag, { FORKD_RUNTIME_DIR: variable }), { code: "FORKD_E_OPTION", message });
  }
  assert.equal(runtimeBase(undefined, { FORKD_RUNTIME_DIR: "variable" }), join(process.cwd(), "variable"));
});

function makeFolder(path: string, mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
}
