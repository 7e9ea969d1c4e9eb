import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import { ask } from "../support/ask.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";

const workers = 10;
const drawsOfEach = 3;

type Draws = Readonly<Record<string, readonly unknown[]>>;

function startDaemon(t: TestContext, draws: string): Promise<TestDaemon> {
  process.env["DRAWS"] = draws;
  t.after(() => delete process.env["DRAWS"]);
  return TestDaemon.start(t, fixture("whole-node-randomness"));
}

/** What each of several workers answers. */
function ofEach<T>(port: number, command: string, ...parameters: unknown[]): Promise<T[]> {
  return Promise.all(Array.from({ length: workers }, () => ask<T>(port, command, ...parameters)));
}

void suite("no two workers draw the same, whatever was drawn before there were any", () => {
  // Node draws 128 UUIDs at once, and 1024 integers: none drawn, some, the last of them, and one more.
  for (const draws of ["0,0", "37,91", "127,0", "128,0", "1,128", "1023,0", "1024,0", "513,512", "1377,0"]) {
    void test(`${draws} at load, and in beforeFork`, async (t) => {
      const { port } = await startDaemon(t, draws);
      const drawn = await ofEach<Draws>(port, "draw", drawsOfEach);
      for (const source of Object.keys(drawn[0] ?? {})) {
        const values = drawn.flatMap((own) => own[source]);
        assert.equal(values.length, workers * drawsOfEach);
        assert.equal(new Set(values).size, values.length, `${source}: ${values.join(" ")}`);
      }
    });
  }

  void test("what is drawn with a callback, and keys", async (t) => {
    const { port } = await startDaemon(t, "37,91");
    const drawn = await ofEach<Readonly<Record<string, unknown>>>(port, "drawLater");
    for (const source of Object.keys(drawn[0] ?? {})) {
      assert.equal(new Set(drawn.map((values) => values[source])).size, workers, source);
    }
  });
});

void test("a worker's own stocks do not run out", async (t) => {
  const { port } = await startDaemon(t, "37,91");
  for (const values of Object.values(await ask<Draws>(port, "draw", 3000))) {
    assert.equal(new Set(values).size, 3000);
  }
});

void test("Math.random() draws evenly from all numbers from 0 to 1", async (t) => {
  const { port } = await startDaemon(t, "0,0");
  const drawn = (await ask<Readonly<Record<string, number[]>>>(port, "draw", 10_000))["Math.random"] ?? [];
  assert.ok(drawn.every((value) => value >= 0 && value < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const within = drawn.filter((value) => Math.floor(value * 10) === tenth).length;
    assert.ok(within > 800 && within < 1200, `${within} of 10000 in tenth ${tenth}`); // six standard deviations
  }
});
