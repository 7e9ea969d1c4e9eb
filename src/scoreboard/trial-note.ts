import { readSync, writeSync } from "node:fs";
import { native } from "../native.ts";
import { slotForTrials } from "./capacity.ts";

/** Behind the slot there is room on its page. */
const start = 512;
const ready = 1;
const failed = 2;

/** What a worker on trial has to say to its zygote, on the page that it has for a slot. */
export class TrialNote {
  /** What it has come to, and the length of what it has failed with. */
  readonly #words: Int32Array;
  readonly #text: Buffer;

  constructor(page: ArrayBuffer) {
    this.#words = new Int32Array(page, start, 2);
    this.#text = Buffer.from(page, start + 8);
  }

  markReady(): void {
    this.#words[0] = ready;
  }

  get isReady(): boolean {
    return this.#words[0] === ready;
  }

  /** As much of the text as there is room for. */
  fail(text: string): void {
    this.#words[1] = this.#text.write(text);
    this.#words[0] = failed;
  }

  /** Undefined if it has not said that it failed. */
  get failure(): string | undefined {
    return this.#words[0] === failed ? this.#text.toString("utf8", 0, this.#words[1]) : undefined;
  }
}

const position = (1 + slotForTrials) * native.pageSize;

/** In the zygote: nothing is left of a trial before. */
export function wipeTrialNote(scoreboard: number): void {
  writeSync(scoreboard, Buffer.alloc(native.pageSize), 0, native.pageSize, position);
}

/** In the zygote, which has not mapped that page. */
export function readTrialNote(scoreboard: number): TrialNote {
  const page = new ArrayBuffer(native.pageSize);
  readSync(scoreboard, new Uint8Array(page), 0, native.pageSize, position);
  return new TrialNote(page);
}
