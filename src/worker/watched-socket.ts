import { Socket } from "node:net";

type Done = (error?: Error | null) => void;
type Chunks = Array<{ chunk: Chunk; encoding: BufferEncoding }>;
type Chunk = string | Uint8Array;

/** A socket that tells when bytes have passed, whoever reads and writes it: each read and each write comes by here. */
export class WatchedSocket extends Socket {
  /** How many bytes the kernel has taken. Node's own `bytesWritten` cannot be asked while several chunks are on their way. */
  bytesTaken = 0;
  onRead: () => void = () => undefined;
  onWritten: () => void = () => undefined;

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    this.onRead();
    return super.push(chunk, encoding);
  }

  override _write(chunk: Chunk, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, this.#counting(sizeOf(chunk, encoding), done));
  }

  override _writev(chunks: Chunks, done: Done): void {
    const size = chunks.reduce((sum, { chunk, encoding }) => sum + sizeOf(chunk, encoding), 0);
    super._writev?.(chunks, this.#counting(size, done));
  }

  #counting(size: number, done: Done): Done {
    return (error) => {
      if (!error) this.bytesTaken += size;
      this.onWritten();
      done(error);
    };
  }
}

const sizeOf = (chunk: Chunk, encoding: BufferEncoding): number =>
  typeof chunk === "string" ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
