/**
 * Log records travel from the workers to the supervisor through one pipe. The kernel keeps a write of up to PIPE_BUF
 * bytes in one piece (pipe(7)); a longer record is cut into lines that say whose they are and whether more comes, and
 * put together again on the other side.
 */
const atomic = 4096;
const more = 0x1b; /* ESC: no record begins with it */

/** The writes, each atomic, that carry a record. */
export function* cutRecord(record: string, pid: number): Generator<Uint8Array> {
  const bytes = Buffer.from(record.endsWith("\n") ? record : `${record}\n`);
  if (bytes.length <= atomic) {
    yield bytes;
    return;
  }
  const room = atomic - 32;
  for (let start = 0; start < bytes.length; start += room) {
    const isLast = start + room >= bytes.length;
    const part = bytes.subarray(start, isLast ? bytes.length - 1 : start + room);
    yield Buffer.concat([Buffer.from(`\x1b${isLast ? "=" : "+"}${pid} `), part, Buffer.from("\n")]);
  }
}

/** Puts together what `cutRecord` cut, of many writers at once. */
export class RecordAssembler {
  #rest: Buffer = Buffer.alloc(0);
  readonly #parts = new Map<string, Buffer[]>();

  /** The records that are whole now. */
  push(bytes: Buffer): string[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const records: string[] = [];
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      const record = this.#line(all.subarray(start, end));
      if (record !== undefined) records.push(record);
      start = end + 1;
    }
    this.#rest = Buffer.from(all.subarray(start));
    return records;
  }

  /** What is left at the end of the pipe. */
  end(): string[] {
    return this.#rest.length === 0 ? [] : [this.#rest.toString("utf8")];
  }

  #line(line: Buffer): string | undefined {
    if (line[0] !== more) return line.toString("utf8");
    const blank = line.indexOf(32);
    const writer = line.toString("latin1", 2, blank);
    const parts = this.#parts.get(writer) ?? [];
    parts.push(Buffer.from(line.subarray(blank + 1)));
    this.#parts.set(writer, parts);
    if (line[1] === 0x2b) return undefined;
    this.#parts.delete(writer);
    return Buffer.concat(parts).toString("utf8");
  }
}
