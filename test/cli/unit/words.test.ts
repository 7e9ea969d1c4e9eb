import assert from "node:assert/strict";
import { test } from "node:test";
import { argument, literal, unitFile, word } from "../../../dist/cli/unit/words.js";

void test("words are quoted where systemd would take them for something else", () => {
  const words: readonly [string, inList: string, inCommand: string][] = [
    ["/srv/upper.ts", "/srv/upper.ts", "/srv/upper.ts"],
    ["--listen", "--listen", "--listen"],
    ["unix:/run/x.sock", "unix:/run/x.sock", "unix:/run/x.sock"],
    ["[::]:1234", '"[::]:1234"', '"[::]:1234"'],
    ["", '""', '""'],
    ["a b", '"a b"', '"a b"'],
    [";", '";"', '";"'],
    ["100%", "100%%", "100%%"],
    ["$HOME", '"$HOME"', '"$$HOME"'],
    ['say "it\'s"', '"say \\"it\'s\\""', '"say \\"it\'s\\""'],
    ["back\\slash", '"back\\\\slash"', '"back\\\\slash"'],
    ["new\nline\t", '"new\\x0aline\\x09"', '"new\\x0aline\\x09"'],
    ["größe 😀", '"größe 😀"', '"größe 😀"'],
  ];
  for (const [text, inList, inCommand] of words) {
    assert.equal(word(text), inList);
    assert.equal(argument(text), inCommand);
  }
  assert.equal(literal("50% of $x"), "50%% of $x");
});

void test("a file says where it belongs, and has its lines by section", () => {
  const text = unitFile("/x.service", {
    Unit: [["A", "1"]],
    Service: [
      ["B", "2"],
      ["B", ""],
    ],
  });
  assert.equal(text, "# /x.service\n[Unit]\nA=1\n\n[Service]\nB=2\nB=\n");
});
