import type { Readable } from "node:stream";
import { nextEvent } from "./next-event.ts";

const events = ["readable", "end", "close"];

/** What comes next; null at the end, or once the stream is destroyed. Unlike `for await`, leaves it open when left. */
export async function nextChunk(stream: Readable): Promise<Buffer | null> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (stream.readableEnded || stream.destroyed) return null;
    await nextEvent(stream, events);
  }
}
