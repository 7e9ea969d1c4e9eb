import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { describeOptions } from "../../dist/config/describe-options.js";
import {
  flagOf,
  functionOptions,
  optionNames,
  optionTable,
  type Option,
  variableOf,
} from "../../dist/config/option-table.js";
import { resolveSettings } from "../../dist/config/resolve-settings.js";
import type { Sources } from "../../dist/config/settings.js";
import { ForkdError } from "../../dist/errors.js";
import { exampleOf } from "./options-page.js";

const serve = { $function: true };

test("a daemon that only serves gets the defaults", () => {
  const { settings, origins } = resolveSettings(sources({}));
  assert.deepEqual(settings, {
    name: "greeter",
    listen: [{ family: "ipv4", host: "127.0.0.1", port: 1234, dualStack: false }],
    backlog: 4096,
    maxConnections: 100,
    spareWorkers: 8,
    connectionsPerWorker: 1,
    idleTimeout: 60_000,
    sessionTimeout: 0,
    drainTimeout: 30_000,
    startTimeout: 60_000,
    heartbeatTimeout: 10_000,
    "restart.maxCrashes": 5,
    "restart.within": 60_000,
    rotateInterval: 60_000,
    engine: "auto",
    allowUnsafeFork: false,
    "limits.memory": -1,
    "limits.cpu": 0,
    "limits.openFiles": -1,
    "limits.fileSize": -1,
    "limits.processes": -1,
    "limits.core": -1,
    logLevel: "info",
    connectionLog: true,
    anonymizePeers: false,
    logFile: "",
    logFormat: "json",
  });
  assert.deepEqual(new Set(Object.values(origins)), new Set(["default"]));
});

test("the log is pretty on a terminal", () => {
  assert.equal(resolveSettings({ ...sources({}), stderrIsTerminal: true }).settings.logFormat, "pretty");
  const toFile = sources({ variables: { FORKD_LOG_FILE: "x.log" } });
  assert.equal(resolveSettings({ ...toFile, stderrIsTerminal: true }).settings.logFormat, "json", "a file is none");
});

test("flags beat variables, which beat the module, which beats the defaults", () => {
  const module = { backlog: 10 };
  const variables = { FORKD_BACKLOG: "20" };
  const flags = { backlog: "30" };
  const backlogs = [{}, { module }, { module, variables }, { module, variables, flags }].map((given) => {
    const { settings, origins } = resolveSettings(sources(given));
    return [settings.backlog, origins.backlog];
  });
  assert.deepEqual(backlogs, [
    [4096, "default"],
    [10, "module"],
    [20, "variable"],
    [30, "flag"],
  ]);
});

for (const name of optionNames) {
  test(`${name} means the same in the module, as ${flagOf(name)} and as ${variableOf(name)}`, () => {
    const { module, flags, variable } = exampleOf(name);
    const [first = ""] = flags;
    const [inModule, asFlag, asVariable] = [
      { module: { [name]: module } },
      { flags: { [name]: flags.length === 1 ? first : flags.map(String) } },
      { variables: { [variableOf(name)]: variable } },
    ].map((given) => resolveSettings(sources(given)));
    assert.deepEqual(asFlag?.settings, inModule?.settings);
    assert.deepEqual(asVariable?.settings, inModule?.settings);
    assert.deepEqual(
      [inModule, asFlag, asVariable].map((resolved) => resolved?.origins[name]),
      ["module", "flag", "variable"],
    );
    const otherwise = resolveSettings({ ...sources({ modulePath: "/srv/other.ts" }), stderrIsTerminal: true });
    assert.notDeepEqual(inModule?.settings[name], otherwise.settings[name], "the example is not the default");
  });
}

test("a value is shown as a module would give it", () => {
  const examples = Object.fromEntries(optionNames.map((name) => [name, exampleOf(name).module]));
  for (const module of [{}, examples]) {
    const { settings } = resolveSettings(sources({ module }));
    const shown = optionNames.map((name) => [name, (optionTable[name] as Option<unknown>).kind.show(settings[name])]);
    const again = resolveSettings(sources({ module: Object.fromEntries(shown) as Sources["module"] }));
    assert.deepEqual(again.settings, settings);
  }
  assert.equal(optionTable.drainTimeout.kind.show(1500), "1500ms");
});

for (const [given, message] of [
  [
    { flags: { maxConnections: "0" } },
    "maxConnections must be a whole number from 1 to 100000; received 0 (from --max-connections).",
  ],
  [
    { variables: { FORKD_SPARE_WORKERS: "few" } },
    'spareWorkers must be a whole number from 1 to 100000; received "few" (from FORKD_SPARE_WORKERS).',
  ],
  [
    { module: { maxConnections: 1.5 } },
    "maxConnections must be a whole number from 1 to 100000; received 1.5 (from the module).",
  ],
  [
    { module: { maxConnections: "5" } },
    'maxConnections must be a whole number from 1 to 100000; received "5" (from the module).',
  ],
  [
    { module: { idleTimeout: "10 parsecs" } },
    'idleTimeout must be a duration such as "500ms", "10s", "5m", "1h", or "off"; received "10 parsecs" (from the module).',
  ],
  [
    { module: { idleTimeout: 30 } },
    'idleTimeout must be a duration such as "500ms", "10s", "5m", "1h", or "off"; received 30 (from the module). A number needs its unit, such as "30s" or "30ms".',
  ],
  [
    { module: { idleTimeout: "0s" } },
    'idleTimeout must be a duration such as "500ms", "10s", "5m", "1h", or "off"; received "0s" (from the module). The shortest is "1ms"; "off" means none.',
  ],
  [
    { flags: { drainTimeout: "off" } },
    'drainTimeout must be a duration such as "500ms", "10s", "5m" or "1h"; received "off" (from --drain-timeout).',
  ],
  [
    { flags: { logLevel: "loud" } },
    'logLevel must be "debug", "info", "warn" or "error"; received "loud" (from --log-level).',
  ],
  [
    { variables: { FORKD_LOG_FILE: "" } },
    'logFile must be the path of a file, or "off"; received "" (from FORKD_LOG_FILE).',
  ],
  [{ module: { logFormat: null } }, 'logFormat must be "json" or "pretty"; received null (from the module).'],
  [{ module: { listen: [] } }, `${listenRule()}; received an empty list (from the module). One at least is needed.`],
  [{ module: { listen: [":1", 2] } }, `${listenRule()}; received 2 (from the module).`],
  [
    { module: { listen: [":1", ":1"] } },
    `${listenRule()}; received ":1" (from the module). It is there twice; once is enough.`,
  ],
  [
    { variables: { FORKD_LISTEN: ":1,moon:2" } },
    `${listenRule()}; received "moon:2" (from FORKD_LISTEN). Host names are not looked up: write the IP address, or ":2" for all interfaces.`,
  ],
  [
    { module: { name: "../x" } },
    'name must be 1 to 64 letters, digits, "-", "_" and ".", the first of them a letter, a digit or "_"; received "../x" (from the module).',
  ],
  [
    { modulePath: "/srv/my daemon.ts" },
    'name must be 1 to 64 letters, digits, "-", "_" and ".", the first of them a letter, a digit or "_"; received "my daemon" (from the module\'s file name without its extension). Choose one with --name.',
  ],
  [{ module: { maxConections: 5 } }, 'Unknown option "maxConections" in the module; did you mean "maxConnections"?'],
  [
    { module: { tcpKeepalive: 5 } },
    `Unknown option "tcpKeepalive" in the module; known are ${[...optionNames, ...Object.keys(functionOptions)].join(", ")}.`,
  ],
  [
    { variables: { FORKD_MAX_CONECTIONS: "5" } },
    'Unknown variable "FORKD_MAX_CONECTIONS"; did you mean "FORKD_MAX_CONNECTIONS"?',
  ],
  [{ flags: { spareWorker: "5" } }, 'Unknown flag "spareWorker"; did you mean "spareWorkers"?'],
  [
    { module: { serve: undefined } },
    "serve must be a function of the connection, plain or in blocking(…); received nothing (from the module).",
  ],
  [
    { module: { serve: "hello" } },
    'serve must be a function of the connection, plain or in blocking(…); received "hello" (from the module).',
  ],
  [{ module: { beforeFork: true } }, "beforeFork must be a function; received true (from the module)."],
  [
    { module: { name: "x".repeat(1000) } },
    `name must be 1 to 64 letters, digits, "-", "_" and ".", the first of them a letter, a digit or "_"; received "${"x".repeat(119)}… (1002 characters) (from the module).`,
  ],
] as const) {
  test(message.slice(0, 150), () => {
    assert.throws(() => resolveSettings(sources(given)), { code: "FORKD_E_OPTION", message });
  });
}

test("a port that the kernel chooses may be asked for twice", () => {
  const { settings } = resolveSettings(sources({ module: { listen: ["127.0.0.1:0", "127.0.0.1:0"] } }));
  assert.equal(settings.listen.length, 2);
});

test("other variables are nobody's business", () => {
  resolveSettings(sources({ variables: { PATH: "/bin", FORK: "1", FORKD_BACKLOG: undefined } }));
});

test("whatever the sources hold, there are settings or a ForkdError", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("1", "0", "off", "1s", ":0", "unix:x", "json", "a,b"),
  );
  const name = fc.oneof(
    fc.constantFrom(...optionNames, ...Object.keys(functionOptions), "__proto__", "toString"),
    fc.string(),
  );
  const variable = fc.oneof(
    fc.constantFrom(...optionNames).map(variableOf),
    fc.string().map((end) => `FORKD_${end}`),
  );
  const value = fc.oneof(
    text,
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
    fc.func(fc.nat()),
  );
  const anySources = fc.record({
    flags: fc.dictionary(name, fc.oneof(text, fc.array(text)), { maxKeys: 2 }),
    variables: fc.dictionary(variable, text, { maxKeys: 2 }),
    module: fc.dictionary(name, value, { maxKeys: 2 }).map((module) => ({ serve: () => {}, ...module })),
    modulePath: fc.oneof(fc.constant("/srv/greeter.ts"), fc.string()),
    stderrIsTerminal: fc.boolean(),
    isProcessOne: fc.boolean(),
  });
  let resolved = 0;
  fc.assert(
    fc.property(anySources, (given) => {
      const module: unknown = JSON.parse(JSON.stringify(describeOptions(given.module)));
      try {
        const { settings } = resolveSettings({ ...given, module: module as Sources["module"] });
        assert.deepEqual(Object.keys(settings), optionNames);
        resolved += 1;
      } catch (error) {
        assert.ok(error instanceof ForkdError, String(error));
        assert.equal(error.code, "FORKD_E_OPTION");
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(resolved > 0, "some of them are right");
});

function sources(given: {
  readonly flags?: Sources["flags"];
  readonly variables?: Sources["variables"];
  readonly module?: Sources["module"];
  readonly modulePath?: string;
}): Sources {
  const rest = {
    flags: {},
    variables: {},
    modulePath: "/srv/greeter.ts",
    stderrIsTerminal: false,
    isProcessOne: false,
  };
  return { ...rest, ...given, module: { serve, ...given.module } };
}

function listenRule(): string {
  return 'listen must be an address such as "127.0.0.1:1234", "[::1]:1234", ":1234" (all interfaces) or "unix:/run/x.sock", or several';
}
