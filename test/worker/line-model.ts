import fc from "fast-check";

const lf = 10;
const cr = 13;

/** What the lines are, whatever the packets: the plainest way to say it. Those before one that is too long count. */
export function model(bytes: Uint8Array, maxLength: number): { lines: string[]; isTooLong: boolean } {
  const lines: string[] = [];
  for (const line of cutAtLf(bytes)) {
    if (line.length > maxLength) return { lines, isTooLong: true };
    lines.push(Buffer.from(line).toString("utf8"));
  }
  return { lines, isTooLong: false };
}

/** A CR belongs to the end of a line only where an LF follows; the last line has no end, or is none. */
function cutAtLf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (const [at, byte] of bytes.entries()) {
    if (byte !== lf) continue;
    lines.push(bytes.subarray(start, at > start && bytes[at - 1] === cr ? at - 1 : at));
    start = at + 1;
  }
  return start < bytes.length ? [...lines, bytes.subarray(start)] : lines;
}

/** Any mix of ends of lines, of characters of all lengths, of what is no UTF-8, and of lines longer than a buffer. */
export const anyBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom("a", "ß", "€", "🙂", "\r", "\n", "\r\n", "\0", "x".repeat(3000)).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 8 }),
      fc
        .constantFrom([0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x99], [0xff, 0xfe], [0xed, 0xa0, 0x80])
        .map((bytes) => Buffer.from(bytes)),
    ),
  )
  .map((parts) => Buffer.concat(parts));

export const anyMaxLength = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(2999, 3000, 4096, 1_000_000));
