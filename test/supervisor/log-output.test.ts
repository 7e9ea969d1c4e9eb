import assert from "node:assert/strict";
import { readSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { LogOutput } from "../../dist/supervisor/log-output.js";

const pipeSize = 4096;
const line = `${"x".repeat(3 * pipeSize)}\n`;

void test("a line that was begun in one file is written whole into the next", (t) => {
  const [full, room] = [openPipe(t, pipeSize), openPipe(t, 16 * pipeSize)];
  const output = new LogOutput(full.writeEnd, () => assert.fail("nothing is lost"));
  output.write(line);
  output.write("another\n");
  assert.equal(full.read().length, pipeSize, "there was room for a part of it");
  output.redirect(room.writeEnd);
  assert.equal(room.read(), `${line}another\n`);
});

void test("a line that was written is not written again", async (t) => {
  const [first, second] = [openPipe(t, pipeSize), openPipe(t, pipeSize)];
  const output = new LogOutput(first.writeEnd, () => assert.fail("nothing is lost"));
  output.write("one\n");
  output.redirect(second.writeEnd);
  output.write("two\n");
  await output.written();
  assert.equal(first.read(), "one\n");
  assert.equal(second.read(), "two\n");
});

function openPipe(t: TestContext, size: number): { writeEnd: number; read: () => string } {
  const [readEnd, writeEnd] = native.pipe(size) as [number, number];
  t.after(() => [readEnd, writeEnd].map((fd) => native.close(fd)));
  const buffer = Buffer.alloc(size);
  return { writeEnd, read: () => buffer.toString("utf8", 0, readSync(readEnd, buffer)) };
}
