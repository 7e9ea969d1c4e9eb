import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { cutRecord, RecordAssembler } from "../../dist/log/chunks.js";

const atomic = 4096;
const lines = (record: string, pid: number): Buffer[] => [...cutRecord(record, pid)].map((bytes) => Buffer.from(bytes));
const assemble = (...writes: readonly Uint8Array[]): string[] => {
  const assembler = new RecordAssembler();
  return [...writes.flatMap((bytes) => assembler.push(Buffer.from(bytes))), ...assembler.end()];
};

/** A record of JSON of any length, often near the limits of a write. */
const record = fc
  .oneof(
    { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    fc.integer({ min: 4000, max: 4200 }).map((length) => "x".repeat(length)),
    fc.integer({ min: 1, max: 3 }).map((count) => "é".repeat(count * 2032)),
    fc.integer({ min: 0, max: 30_000 }).map((length) => "€".repeat(length)),
  )
  .map((text) => JSON.stringify({ level: "info", msg: text }));

void suite("a record on its way through the pipe", () => {
  void test("a short one is written as it is", () => {
    assert.deepEqual(lines('{"a":1}', 7), [Buffer.from('{"a":1}\n')]);
    assert.deepEqual(lines('{"a":1}\n', 7), [Buffer.from('{"a":1}\n')]);
  });

  void test("no write is longer than the kernel keeps in one piece, and each is a line", () => {
    fc.assert(
      fc.property(record, fc.integer({ min: 1, max: 4_194_304 }), (text, pid) => {
        for (const line of lines(text, pid)) {
          assert.ok(line.length <= atomic);
          assert.equal(line.indexOf("\n"), line.length - 1);
        }
      }),
    );
  });

  void test("a record that just fits is not cut", () => {
    assert.equal(lines("x".repeat(atomic - 1), 7).length, 1);
    assert.ok(lines("x".repeat(atomic), 7).length > 1);
  });

  void test("records of many writers come out whole, however they are mixed and wherever reads cut them", () => {
    const writers = fc.array(fc.array(record, { maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        writers,
        fc.infiniteStream(fc.nat()),
        fc.array(fc.integer({ min: 1, max: 9000 })),
        (all, dice, cuts) => {
          const stream = interleave(all, dice);
          const got = assemble(...cutAt(stream, cuts));
          assert.deepEqual(got.toSorted(), all.flat().toSorted());
          // Each writer's records come in its own order, among those that are equal in nothing else.
          for (const own of all) assert.ok(isSubsequence(own, got));
        },
      ),
    );
  });
});

void suite("what is no record of a worker's", () => {
  void test("a line of somebody else's comes out as it is", () => {
    assert.deepEqual(assemble(Buffer.from("plain\n\nwords\n")), ["plain", "", "words"]);
  });

  void test("so does one without an end, at the end", () => {
    assert.deepEqual(assemble(Buffer.from("first\nwithout an end")), ["first", "without an end"]);
  });

  for (const text of ["\x1b[31mError: it is red\x1b[0m", "\x1b[31mred\x1b[0m", "\x1b", "\x1b+", "\x1b=7", "\x1b+x y"]) {
    void test(`so does one that begins as a part does: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(assemble(Buffer.from(`${text}\nnext\n`)), [text, "next"]);
    });
  }

  void test("the beginning of a record whose writer was cut short does not spoil the next of that number", () => {
    const [first = Buffer.alloc(0)] = lines("x".repeat(10_000), 7);
    const next = "y".repeat(10_000);
    const got = assemble(first, ...lines(next, 7));
    assert.deepEqual(
      got.map((text) => text === next),
      [true],
    );
  });
});

/** The writers' lines, in an order that `dice` choose. */
function interleave(writers: readonly (readonly string[])[], dice: Iterator<number>): Buffer {
  const queues = writers.map((records, index) => records.flatMap((text) => lines(text, 100 + index)));
  const mixed: Buffer[] = [];
  for (
    let left = queues.filter((queue) => queue.length > 0);
    left.length > 0;
    left = left.filter((q) => q.length > 0)
  ) {
    const queue = left[(dice.next().value as number) % left.length] as Buffer[];
    mixed.push(queue.shift() as Buffer);
  }
  return Buffer.concat(mixed);
}

function cutAt(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    pieces.push(stream.subarray(start, start + size));
    start += size;
  }
  return [...pieces, stream.subarray(start)];
}

function isSubsequence(few: readonly string[], many: readonly string[]): boolean {
  let found = 0;
  for (const text of many) if (text === few[found]) found++;
  return found === few.length;
}

void test("a line that never ends is given out in pieces, and a record that never ends is given up", () => {
  const assembler = new RecordAssembler();
  const megabyte = Buffer.alloc(2 ** 20, "x");
  let given = 0;
  for (let count = 0; count < 10; count++) for (const text of assembler.push(megabyte)) given += text.length;
  for (const text of assembler.end()) given += text.length;
  assert.equal(given, 10 * 2 ** 20, "all of it was given out");
  const part = Buffer.from(`\x1b+7 ${"y".repeat(4000)}\n`);
  const lost: string[] = [];
  for (let count = 0; count < 5000; count++) lost.push(...assembler.push(part));
  assert.deepEqual(lost, ["a log record of 7 was longer than 16 MiB, and is lost"]);
});

void test("records that many have begun and nobody ends are given up, the oldest first, before they fill memory", () => {
  const assembler = new RecordAssembler();
  const text = "y".repeat(4000);
  const lost: string[] = [];
  for (let writer = 0; writer < 40_000; writer++) lost.push(...assembler.push(Buffer.from(`\x1b<${writer} ${text}\n`)));
  assert.equal(lost[0], "a log record of 0 has not come to its end, and is lost");
  const kept = 40_000 - lost.length;
  assert.ok(kept * text.length < 64 * 2 ** 20 && kept > 10_000);
  assert.deepEqual(assembler.push(Buffer.from("\x1b=39999 z\n")), [`${text}z`]);
});
