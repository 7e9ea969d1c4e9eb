import { ForkdError } from "../errors.ts";

const lf = 10;
const cr = 13;
const firstCapacity = 4096;

/** The longest line by default, in bytes. */
export const defaultMaxLength = 64 * 1024;

let stocked: Buffer | undefined;

/** In the zygote: the first splitter of each child finds its buffer made. */
export function stockBuffer(): void {
  stocked = Buffer.allocUnsafeSlow(firstCapacity);
}

function firstBuffer(): Buffer {
  const buffer = stocked ?? Buffer.allocUnsafeSlow(firstCapacity);
  stocked = undefined;
  return buffer;
}

/** Cuts bytes into lines wherever the packets break, keeping no more than one line and what came with it. */
export class LineSplitter {
  readonly #maxLength: number;
  #buffer = firstBuffer();
  #start = 0;
  #searched = 0;
  #end = 0;

  constructor(maxLength: number = defaultMaxLength) {
    if (!Number.isSafeInteger(maxLength) || maxLength < 1) {
      throw new ForkdError(
        "FORKD_E_OPTION",
        `maxLength of lines() must be a whole number of bytes from 1 up; received ${String(maxLength)}.`,
      );
    }
    this.#maxLength = maxLength;
  }

  /** Where to put what comes next; `filled` says how much it was, and then `next` is asked for lines until there is none. */
  space(): Uint8Array {
    if (this.#start === this.#end) this.#start = this.#searched = this.#end = 0;
    if (this.#end === this.#buffer.length) this.#makeRoom();
    return this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end);
  }

  filled(bytes: number): void {
    this.#end += bytes;
  }

  /** The next whole line, without its end; undefined if there is none yet. */
  next(): string | undefined {
    const at = this.#buffer.indexOf(lf, this.#searched);
    if (at < 0 || at >= this.#end) {
      this.#searched = this.#end;
      this.#check(this.#withoutCr(this.#end));
      return undefined;
    }
    const line = this.#take(this.#withoutCr(at));
    this.#start = this.#searched = at + 1;
    return line;
  }

  /** At the end of input: the last line, if it lacks an end. */
  last(): string | undefined {
    if (this.#start === this.#end) return undefined;
    const line = this.#take(this.#end);
    this.#start = this.#end;
    return line;
  }

  #take(end: number): string {
    this.#check(end);
    return this.#buffer.toString("utf8", this.#start, end);
  }

  #withoutCr(end: number): number {
    return end > this.#start && this.#buffer[end - 1] === cr ? end - 1 : end;
  }

  #check(end: number): void {
    if (end - this.#start <= this.#maxLength) return;
    throw new ForkdError("FORKD_E_LINE_TOO_LONG", `The client sent a line of more than ${this.#maxLength} bytes.`);
  }

  /** The longest line fits with its end and a byte to spare, by which the line that is too long is known. */
  #makeRoom(): void {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#buffer.length * 2, this.#maxLength + firstCapacity));
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    this.#end -= this.#start;
    this.#searched -= this.#start;
    this.#start = 0;
  }
}
