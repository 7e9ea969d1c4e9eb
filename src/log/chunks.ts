/**
 * Log records travel from the workers to the supervisor through one pipe. The kernel keeps a write of up to PIPE_BUF
 * bytes in one piece (pipe(7)); a longer record is cut into lines that say whose they are and whether more comes, and
 * put together again on the other side.
 */
const atomic = 4096;
const escape = 0x1b; /* no record begins with it; what other programs print may */

/** Before a part: whether it is the first, one in the middle or the last, and whose it is. */
const partMark = /^\x1b([<+>])(\d{1,10}) /;
const longestMark = 32;

/** The writes, each atomic, that carry a record. */
export function* cutRecord(record: string, pid: number): Generator<Uint8Array> {
  const bytes = Buffer.from(record.endsWith("\n") ? record : `${record}\n`);
  if (bytes.length <= atomic) {
    yield bytes;
    return;
  }
  const room = atomic - longestMark;
  for (let start = 0; start < bytes.length; start += room) {
    const isLast = start + room >= bytes.length;
    const part = bytes.subarray(start, isLast ? bytes.length - 1 : start + room);
    const kind = start === 0 ? "<" : isLast ? ">" : "+";
    yield Buffer.concat([Buffer.from(`\x1b${kind}${pid} `), part, Buffer.from("\n")]);
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
    if (line[0] !== escape) return line.toString("utf8");
    const [mark = "", kind, writer = ""] = partMark.exec(line.toString("latin1", 0, longestMark)) ?? [];
    // A first part begins anew: of a writer that died, or found the pipe full, the rest never came.
    const parts = kind === "<" ? [] : this.#parts.get(writer);
    if (parts === undefined) return line.toString("utf8");
    parts.push(Buffer.from(line.subarray(mark.length)));
    this.#parts.set(writer, parts);
    if (kind !== ">") return undefined;
    this.#parts.delete(writer);
    return Buffer.concat(parts).toString("utf8");
  }
}
