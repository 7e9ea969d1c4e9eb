import { randomInt, randomUUID } from "node:crypto";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { waitForTrial } from "./trial.ts";

/** How many values Node draws at once for `randomUUID` and `randomInt` (lib/internal/crypto/random.js). */
const uuidBatch = 128;
const intBatch = 1024;

const state = new Uint32Array(4);
let isSeeded = false;

/**
 * Replaces `Math.random`, whose state V8 keeps to itself: children of one zygote would all draw the same numbers. Done
 * before user code can take hold of the old one.
 */
export function replaceMathRandom(): void {
  Math.random = random;
}

/** Before there are children: each that draws a number draws it from a seed of its own. */
export function forgetSeed(): void {
  isSeeded = false;
}

/** Chris Doty-Humphrey's sfc32, 53 bits of two draws. */
function random(): number {
  if (!isSeeded) seed();
  return ((draw() >>> 5) * 0x4000000 + (draw() >>> 6)) / 0x20000000000000;
}

function seed(): void {
  native.fillRandom(state);
  isSeeded = true;
}

function draw(): number {
  let [a, b, c, counter] = state as unknown as [number, number, number, number];
  const result = (a + b + counter) | 0;
  counter = (counter + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = ((c << 21) | (c >>> 11)) + result;
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = counter;
  return result;
}

/**
 * Empties the stocks that `crypto.randomUUID` and `crypto.randomInt` draw from, so that each child fills its own.
 *
 * How much is in stock nobody tells. But a child's copy holds the same values as the parent's, up to the point where
 * each has to fill up again: a child sends what it draws, and the first value that differs shows where that is.
 */
export function emptyRandomStocks(fork: () => number): void {
  const [here, there] = succeeded("Making a pair of sockets", native.socketPair());
  const pid = succeeded("Forking", fork());
  if (pid === 0) tellDraws(there);
  native.close(there);
  const told = readAll(here);
  native.close(here);
  const ended = waitForTrial(pid, Infinity);
  if (told === "") throw new ForkdError("FORKD_E_SYSTEM", `A process that was just forked ended: ${ended?.manner}.`);
  const childs = JSON.parse(told) as Draws;
  emptyStock(childs.uuids, randomUUID, uuidBatch);
  emptyStock(childs.ints, drawInt, intBatch);
}

interface Draws {
  readonly uuids: readonly string[];
  readonly ints: readonly number[];
}

const drawInt = (): number => randomInt(2 ** 48 - 1);

function tellDraws(fd: number): never {
  const draws: Draws = {
    uuids: Array.from({ length: uuidBatch }, () => randomUUID()),
    ints: Array.from({ length: intBatch }, drawInt),
  };
  native.sendDescriptors(fd, Buffer.from(JSON.stringify(draws)), []);
  native.exit(0);
}

/** At the first draw that differs from the child's, the stock has just been filled and one value taken from it. */
function emptyStock<T>(childs: readonly T[], drawOne: () => T, batch: number): void {
  const refilled = childs.some((value) => value !== drawOne());
  for (let left = refilled ? batch - 1 : 0; left > 0; left--) drawOne();
}

function readAll(fd: number): string {
  const buffer = Buffer.alloc(64 * 1024);
  const parts: string[] = [];
  for (;;) {
    const { length } = native.receive(fd, buffer, 1);
    if (length <= 0) return parts.join("");
    parts.push(buffer.toString("latin1", 0, length));
  }
}
