import { Socket } from "node:net";

type Done = (error?: Error | null) => void;
type Chunks = Array<{ chunk: unknown; encoding: BufferEncoding }>;

/** A socket that tells when bytes have passed, whoever reads and writes it: each read and each write comes by here. */
export class WatchedSocket extends Socket {
  onRead: () => void = () => undefined;
  onWritten: () => void = () => undefined;

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    this.onRead();
    return super.push(chunk, encoding);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, done);
    this.onWritten();
  }

  override _writev(chunks: Chunks, done: Done): void {
    super._writev?.(chunks, done);
    this.onWritten();
  }
}
