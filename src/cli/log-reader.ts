import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as pass } from "node:timers/promises";
import { ForkdError } from "../errors.ts";
import { describeErrno } from "../system-error.ts";

const chunkSize = 64 * 1024;
const pause = 200;
const lf = 10;

/** The last so many lines of a file, however large it is: it is read from its end. */
export function lastLines(path: string, count: number): string[] {
  const fd = open(path);
  try {
    let start = fstatSync(fd).size;
    let bytes = Buffer.alloc(0);
    while (start > 0 && countLines(bytes) <= count) {
      const length = Math.min(chunkSize, start);
      start -= length;
      bytes = Buffer.concat([read(fd, start, length), bytes]);
    }
    const lines = bytes.toString("utf8").split("\n").slice(0, -1);
    return count === 0 ? [] : lines.slice(-count);
  } finally {
    closeSync(fd);
  }
}

/**
 * Hands over each line that is added from now on, for ever. A file that was renamed is read to its end before the new one
 * is; one that was truncated is read from its beginning.
 */
export async function follow(path: string, onLine: (line: string) => void): Promise<never> {
  let fd = open(path);
  let position = fstatSync(fd).size;
  const decoder = new StringDecoder("utf8"); // a letter of several bytes may come in parts
  let rest = "";
  for (;;) {
    const { size } = fstatSync(fd);
    if (size < position) position = 0;
    const bytes = read(fd, position, Math.min(size - position, chunkSize));
    position += bytes.length;
    const lines = (rest + decoder.write(bytes)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (bytes.length > 0) continue;
    if (hasGone(path, fd)) {
      closeSync(fd);
      [fd, position, rest] = [open(path), 0, ""];
    }
    await pass(pause);
  }
}

/** Whether another file is at the path now. */
function hasGone(path: string, fd: number): boolean {
  try {
    return statSync(path).ino !== fstatSync(fd).ino;
  } catch {
    return false; // renamed, and the new one is yet to come
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === lf) count++;
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
    throw new ForkdError("FORKD_E_LOG_FILE", `The log file ${path} cannot be read: ${describeErrno(errno)}.`);
  }
}
