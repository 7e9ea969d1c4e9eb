import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as pass } from "node:timers/promises";
import { ForkdError } from "../errors.ts";
import { describeErrno } from "../system-error.ts";

const chunkSize = 64 * 1024;
const pause = 200;
/** More than two records have in common at their ends. */
const longestMark = 512;
const lf = 10;

/** A log file, read while others write to it, rename and truncate it. */
export class LogTail {
  readonly #path: string;
  #fd: number;
  /** What is before it has been read. */
  #position = 0;
  /** What stands before it: something else, once the file was truncated and has grown again. */
  #mark = Buffer.alloc(0);
  #decoder = new StringDecoder("utf8"); // a letter of several bytes may come in parts
  #begun = "";

  /** @throws ForkdError `FORKD_E_LOG_FILE` */
  constructor(path: string) {
    this.#path = path;
    this.#fd = open(path);
  }

  /** The last so many lines, however large the file is: it is read from its end. What follows begins behind them. */
  lastLines(count: number): string[] {
    const { size } = fstatSync(this.#fd);
    const chunks: Buffer[] = [];
    let start = size;
    for (let ends = 0; start > 0 && ends <= count; ends += countLines(chunks[0])) {
      const length = Math.min(chunkSize, start);
      start -= length;
      chunks.unshift(read(this.#fd, start, length));
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf(lf) + 1;
    this.#position = start + end;
    this.#mark = bytes.subarray(Math.max(0, end - longestMark), end);
    const lines = bytes.toString("utf8", 0, end).split("\n").slice(0, -1);
    return count === 0 ? [] : lines.slice(-count);
  }

  /**
   * Hands over each line that comes, until it is told to end. Who has written to another file that has the path by now
   * writes to the old one no more: that one is read to its end first.
   */
  async follow(onLine: (line: string) => void, end?: AbortSignal): Promise<void> {
    while (end?.aborted !== true) {
      const next = successor(this.#path, this.#fd);
      this.#readOn(onLine);
      if (next === undefined) await pass(pause);
      else this.#goOnWith(next);
    }
  }

  #readOn(onLine: (line: string) => void): void {
    if (this.#wasTruncated()) this.#goOnWith(this.#fd);
    for (;;) {
      const bytes = read(this.#fd, this.#position, chunkSize);
      if (bytes.length === 0) return;
      this.#position += bytes.length;
      this.#mark = Buffer.concat([this.#mark, bytes]).subarray(-longestMark);
      const lines = (this.#begun + this.#decoder.write(bytes)).split("\n");
      this.#begun = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    }
  }

  #wasTruncated(): boolean {
    const { length } = this.#mark;
    return !read(this.#fd, this.#position - length, length).equals(this.#mark);
  }

  #goOnWith(fd: number): void {
    if (fd !== this.#fd) closeSync(this.#fd);
    [this.#fd, this.#position, this.#mark] = [fd, 0, Buffer.alloc(0)];
    [this.#begun, this.#decoder] = ["", new StringDecoder("utf8")];
  }
}

/** Another file that is at the path now, and has something in it. */
function successor(path: string, fd: number): number | undefined {
  try {
    const { ino, size } = statSync(path);
    return ino !== fstatSync(fd).ino && size > 0 ? openSync(path, "r") : undefined;
  } catch {
    return undefined; // renamed, and the new one is yet to come
  }
}

function countLines(bytes: Buffer | undefined): number {
  let count = 0;
  for (const byte of bytes ?? []) if (byte === lf) count++;
  return count;
}

function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    throw new ForkdError(
      "FORKD_E_LOG_FILE",
      `The log file ${path} cannot be read: ${describeErrno(errno)}. A daemon that logs elsewhere must run to be asked where.`,
    );
  }
}
