import assert from "node:assert/strict";
import { test } from "node:test";
import { blocking, type CallableBlockingHandler, defineDaemon, isBlocking, isDaemon } from "../dist/define-daemon.js";

type BlockingConnection = Parameters<CallableBlockingHandler>[0];

test("a daemon is a frozen copy of its options, with a brand that no key shows", () => {
  const options = { backlog: 5, async serve() {} };
  const daemon = defineDaemon(options);
  assert.ok(isDaemon(daemon) && !isDaemon(options));
  assert.ok(Object.isFrozen(daemon) && !Object.isFrozen(options));
  assert.deepEqual(Object.keys(daemon), ["backlog", "serve"]);
});

test("nothing is checked", () => {
  const anything = defineDaemon as unknown as (options: unknown) => unknown;
  assert.ok(isDaemon(anything({ backlog: "many" })) && isDaemon(anything(undefined)));
});

test("a blocking handler is a mark around the handler, which stays unmarked", () => {
  const seen: unknown[] = [];
  const handler = (connection: unknown): void => void seen.push(connection);
  const marked = blocking(handler);
  assert.ok(isBlocking(marked) && !isBlocking(handler));
  const connection = {} as BlockingConnection;
  marked(connection);
  assert.equal(seen[0], connection);
});

test("TypeScript refuses a blocking handler that returns a promise, and takes one that returns what a call returns", () => {
  // @ts-expect-error -- the compiler says so if this passes
  blocking(async (connection) => connection.write("Hello"));
  // @ts-expect-error -- the compiler says so if this passes
  blocking(() => Promise.resolve());
  blocking((connection) => connection.write("Hello"));
});

test("two copies of forkd understand each other", async () => {
  const other = (await import(`${new URL("../dist/define-daemon.js", import.meta.url).href}?copy`)) as {
    defineDaemon: typeof defineDaemon;
    blocking: typeof blocking;
  };
  assert.notEqual(other.defineDaemon, defineDaemon);
  assert.ok(isDaemon(other.defineDaemon({ serve: async () => {} })));
  assert.ok(isBlocking(other.blocking(() => {})));
});

test("what is neither is told apart", () => {
  for (const value of [undefined, null, 5, "x", {}, () => {}]) assert.ok(!isDaemon(value) && !isBlocking(value));
});
