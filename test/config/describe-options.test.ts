import assert from "node:assert/strict";
import { test } from "node:test";
import { describeOptions } from "../../dist/config/describe-options.js";
import { resolveSettings } from "../../dist/config/resolve-settings.js";
import { blocking, defineDaemon } from "../../dist/define-daemon.js";

test("plain values stay, functions become marks, undefined is dropped", () => {
  const daemon = defineDaemon({ listen: [":1", ":2"], backlog: 5, serve: blocking(() => {}), beforeFork: () => {} });
  assert.deepEqual(describeOptions({ ...daemon, name: undefined }), {
    listen: [":1", ":2"],
    backlog: 5,
    serve: { $function: true },
    beforeFork: { $function: true },
  });
});

const endless: unknown[] = [];
endless.push(endless);
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

for (const [value, words] of [
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [10n, "10n"],
  [Symbol("x"), "Symbol(x)"],
  [new Date(0), "an object of class Date"],
  [Object.create(null), "an object"],
  [revoked, "a property that throws when it is read"],
  [() => {}, "a function"],
] as const) {
  test(`${words} is refused by name after its way through JSON`, () => {
    assert.throws(() => resolveModule({ backlog: value }), {
      code: "FORKD_E_OPTION",
      message: `backlog must be a whole number from 1 to 1000000; received ${words} (from the module).`,
    });
  });
}

for (const [value, words] of [
  [endless, "a list"],
  [[undefined], "undefined"],
  [[[":1"]], "a list"],
] as const) {
  test(`a list that holds ${words} is refused`, () => {
    assert.throws(() => resolveModule({ listen: value }), { message: new RegExp(`; received ${words} \\(from`) });
  });
}

test("an option that throws when it is read is refused", () => {
  const options = {
    serve: () => {},
    get name(): string {
      throw new Error("no");
    },
  };
  assert.throws(() => resolveModule(options), { message: /received a property that throws when it is read \(from/ });
});

test("what stands in an object is named by both, one level deep", () => {
  const options = { limits: { memory: "1MiB", cpu: { seconds: 1 } }, restart: {}, backlog: { $function: true } };
  assert.deepEqual(describeOptions(options), {
    "limits.memory": "1MiB",
    "limits.cpu": { $value: "an object" },
    "backlog.$function": true,
  });
  assert.throws(() => resolveModule({ limits: { memroy: "1MiB" } }), {
    message: 'Unknown option "limits.memroy" in the module; did you mean "limits.memory"?',
  });
});

test("what is no object has no options", () => {
  for (const nothing of [undefined, null, 5, true]) assert.deepEqual(describeOptions(nothing), {});
});

function resolveModule(options: object): unknown {
  const described = describeOptions("serve" in options ? options : { serve: () => {}, ...options });
  return resolveSettings({
    module: JSON.parse(JSON.stringify(described)) as Record<string, unknown>,
    flags: {},
    variables: {},
    modulePath: "/srv/greeter.ts",
    stderrIsTerminal: false,
    isProcessOne: false,
  });
}
