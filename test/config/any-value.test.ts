import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { flagOf, type Option, optionNames, optionTable, variableOf } from "../../dist/config/option-table.js";
import { resolveSettings } from "../../dist/config/resolve-settings.js";
import type { OptionName, Sources } from "../../dist/config/settings.js";
import { ForkdError } from "../../dist/errors.js";

const nothing: Sources = {
  flags: {},
  variables: {},
  module: { serve: { $function: true } },
  modulePath: "/srv/upper.ts",
  stderrIsTerminal: false,
  isProcessOne: false,
};

const name = fc.constantFrom(...optionNames);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "off",
    "0",
    "-1",
    "1",
    "true",
    "false",
    "1s",
    "10ms",
    "64MiB",
    ":0",
    "127.0.0.1:0",
    "json",
    "1e3",
    "",
  ),
  fc.stringMatching(/^[0-9]{1,10}(ms|s|m|h|d|B|KiB|MiB|GiB)?$/),
);
/** What a module can give and `describeOptions` hands on. */
const value = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
);

test("whatever a flag says, it holds or is refused in a sentence", () => {
  fc.assert(
    fc.property(name, text, (option, given) =>
      check(option, flagOf(option), { ...nothing, flags: { [option]: isSwitch(option) ? true : given } }),
    ),
    { numRuns: 2000 },
  );
});

test("whatever a variable says, it holds or is refused in a sentence", () => {
  fc.assert(
    fc.property(name, text, (option, given) =>
      check(option, variableOf(option), { ...nothing, variables: { [variableOf(option)]: given } }),
    ),
    { numRuns: 2000 },
  );
});

test("whatever a module says, it holds or is refused in a sentence", () => {
  fc.assert(
    fc.property(name, value, (option, given) =>
      check(option, "the module", { ...nothing, module: { ...nothing.module, [option]: given } }),
    ),
    { numRuns: 2000 },
  );
});

/** Either all settings are there, or the sentence names the option, its rule, what was received and where from. */
function check(option: OptionName, from: string, sources: Sources): void {
  try {
    const { settings } = resolveSettings(sources);
    assert.deepEqual(Object.keys(settings), optionNames);
    assert.ok(!Object.values(settings).includes(undefined));
  } catch (error) {
    assert.ok(error instanceof ForkdError && error.code === "FORKD_E_OPTION", String(error));
    const { kind }: Option<unknown> = optionTable[option];
    const [start, middle] = [`${option} must be ${kind.rule}; received `, ` (from ${from}).`];
    assert.ok(error.message.startsWith(start), error.message);
    assert.ok(error.message.includes(middle), error.message);
  }
}

const isSwitch = (option: OptionName): boolean => (optionTable[option] as Option<unknown>).kind.isSwitch === true;
