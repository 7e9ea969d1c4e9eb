import { ForkdError } from "../errors.ts";

const lf = 10;
const cr = 13;
const firstCapacity = 4096;
/** So much is read at once from a client that sends its lines faster than they are taken. */
const ampleCapacity = 64 * 1024;

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
  #end = 0;
  /** Where the first whole line ends; below 0 if there is none. */
  #lineEnd = -1;

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
    const isFull = this.#end === this.#buffer.length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (isFull) this.#makeRoom();
    return this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end);
  }

  filled(bytes: number): void {
    this.#end += bytes;
    this.#search(this.#end - bytes);
  }

  /** Whether there is another whole line. */
  get hasNext(): boolean {
    return this.#lineEnd >= 0;
  }

  /** The next whole line, without its end; undefined if there is none yet. */
  next(): string | undefined {
    if (!this.hasNext) {
      this.#check(this.#withoutCr(this.#end));
      return undefined;
    }
    const line = this.#take(this.#withoutCr(this.#lineEnd));
    this.#start = this.#lineEnd + 1;
    this.#search(this.#start);
    return line;
  }

  /** At the end of input: the last line, if it lacks an end. */
  last(): string | undefined {
    if (this.#start === this.#end) return undefined;
    const line = this.#take(this.#end);
    this.#start = this.#end;
    return line;
  }

  #search(from: number): void {
    const at = from < this.#end ? this.#buffer.indexOf(lf, from) : -1;
    this.#lineEnd = at < this.#end ? at : -1;
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
    const isOneLine = this.#start === 0 && this.#end > 0;
    const most = isOneLine ? this.#maxLength + firstCapacity : ampleCapacity;
    const { length } = this.#buffer;
    const roomy = length < most ? Buffer.allocUnsafeSlow(Math.min(length * 2, most)) : this.#buffer;
    this.#buffer.copy(roomy, 0, this.#start, this.#end);
    this.#buffer = roomy;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
