import type { Readable } from "node:stream";

/** What comes next; null at the end, or once the stream is destroyed. Unlike `for await`, leaves it open when left. */
export async function nextChunk(stream: Readable): Promise<Buffer | null> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (stream.readableEnded || stream.destroyed) return null;
    await somethingHappens(stream);
  }
}

const events = ["readable", "end", "close"] as const;

function somethingHappens(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const onEvent = (): void => {
      for (const event of events) stream.off(event, onEvent);
      resolve();
    };
    for (const event of events) stream.on(event, onEvent);
  });
}
