/**
 * Log records travel from the workers to the supervisor through one pipe. The kernel keeps a write of up to PIPE_BUF
 * bytes in one piece (pipe(7)); a longer record is cut into lines that say whose they are and whether more comes, and
 * put together again on the other side.
 */
const atomic = 4096;
/** What is kept of one writer: enough for a long record, too little to do harm. */
const longestLine = 2 ** 20;
const longestRecord = 16 * 2 ** 20;
/** Of all writers together: some die in the middle of a record, and others only look as if they wrote one. */
const mostKept = 4 * longestRecord;
/** What keeping a part takes, however short it is. */
const costOfPart = 128;
const lf = 10;
const newline = Buffer.of(lf);
const escape = 0x1b; /* no record begins with it */

/** Behind an ESC: `<` for the first part of a record, `+` for another, `=` for the last, the writer's pid, and a blank. */
const partHeader = /^([<+=])(\d+) /;
const longestHeader = 32;

/** The writes, each atomic, that carry a record. */
export function* cutRecord(record: string, pid: number): Generator<Uint8Array> {
  const bytes = Buffer.from(record.replace(/\n$/, ""));
  if (bytes.length < atomic) {
    yield Buffer.concat([bytes, newline]);
    return;
  }
  const room = atomic - longestHeader;
  for (let start = 0; start < bytes.length; start += room) {
    const kind = start === 0 ? "<" : start + room < bytes.length ? "+" : "=";
    yield Buffer.concat([Buffer.from(`\x1b${kind}${pid} `), bytes.subarray(start, start + room), newline]);
  }
}

/** Puts together what `cutRecord` cut, of many writers at once. What is no record passes as it is. */
export class RecordAssembler {
  #rest: Buffer = Buffer.alloc(0);
  readonly #parts = new Map<string, Parts>();
  #kept = 0;

  /** The records that are whole now. */
  push(bytes: Buffer): string[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const records: string[] = [];
    let start = 0;
    for (let end = all.indexOf(lf); end >= 0; end = all.indexOf(lf, start)) {
      const record = this.#takeLine(all.subarray(start, end));
      if (record !== undefined) records.push(record);
      start = end + 1;
    }
    const rest = all.subarray(start);
    // What a program prints without ever ending a line must not fill this process's memory.
    if (rest.length > longestLine) records.push(rest.toString("utf8"));
    this.#rest = rest.length > longestLine ? Buffer.alloc(0) : Buffer.from(rest);
    return records;
  }

  /** What has come of a line that has not come to its end; for who goes on reading in another program. */
  get rest(): string {
    return this.#rest.toString("latin1");
  }

  set rest(bytes: string) {
    this.#rest = Buffer.from(bytes, "latin1");
  }

  /** What is left at the end of the pipe. */
  end(): string[] {
    return this.#rest.length === 0 ? [] : [this.#rest.toString("utf8")];
  }

  #takeLine(line: Buffer): string | undefined {
    const header = line[0] === escape ? partHeader.exec(line.toString("latin1", 1, longestHeader)) : null;
    if (header === null) return line.toString("utf8");
    const [{ length }, kind, writer = ""] = header;
    // A first part begins anew: an earlier writer of that pid may have died in the middle of a record.
    if (kind === "<") this.#forget(writer);
    const parts = this.#keep(writer, line.subarray(1 + length));
    if (parts.size > longestRecord) {
      this.#forget(writer);
      return `a log record of ${writer} was longer than ${longestRecord / 2 ** 20} MiB, and is lost`;
    }
    if (kind !== "=") return this.#kept > mostKept ? this.#giveUpOldest() : undefined;
    this.#forget(writer);
    return Buffer.concat(parts.all).toString("utf8");
  }

  #keep(writer: string, bytes: Buffer): Parts {
    const parts = this.#parts.get(writer) ?? { all: [], size: 0 };
    const cost = bytes.length + costOfPart;
    parts.all.push(Buffer.from(bytes));
    parts.size += cost;
    this.#kept += cost;
    this.#parts.set(writer, parts);
    return parts;
  }

  #forget(writer: string): void {
    this.#kept -= this.#parts.get(writer)?.size ?? 0;
    this.#parts.delete(writer);
  }

  /** That which was begun before all others. */
  #giveUpOldest(): string {
    const [writer = ""] = this.#parts.keys();
    this.#forget(writer);
    return `a log record of ${writer} has not come to its end, and is lost`;
  }
}

/** What has come of a writer's record. */
interface Parts {
  readonly all: Buffer[];
  /** In bytes, as they are kept. */
  size: number;
}
