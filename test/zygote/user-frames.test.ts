import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../dist/zygote/user-frames.js";

const dist = new URL("../../dist/", import.meta.url).href;

void test("the frames of user code are told, as paths", () => {
  const stack = [
    "at Socket.connect (node:net:1245:7)",
    `at hook (${dist}zygote/user-resources.js:1:1)`,
    "at new Promise (<anonymous>)",
    "at connect (file:///srv/a%20b/db.ts:3:20)",
    "at async file:///srv/main.ts:7:1",
  ];
  assert.equal(placeOf(resource(stack)), "connect (/srv/a b/db.ts:3:20), from /srv/main.ts:7:1");
});

void test("a library's frames are told only where nobody calls it", () => {
  const inLibrary = "at Pool.open (/srv/node_modules/pool/index.js:3:20)";
  assert.equal(placeOf(resource([inLibrary, "at /srv/main.js:7:1"])), "/srv/main.js:7:1");
  assert.equal(placeOf(resource([inLibrary])), "Pool.open (/srv/node_modules/pool/index.js:3:20)");
  assert.equal(placeOf(resource(["at listOnTimeout (node:internal/timers:1:1)"])), undefined);
});

void test("what a callback opens comes from where the callback does", () => {
  const cause = resource(["at /srv/main.js:7:1"]);
  assert.equal(placeOf({ ...resource(["at callback (node:dns:1:1)"]), cause }), "/srv/main.js:7:1");
});

const resource = (lines: readonly string[]) => ({
  type: "TCPWRAP",
  resource: {},
  stack: ["Error", ...lines].join("\n    "),
  cause: undefined,
});
