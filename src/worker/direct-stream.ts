import { constants } from "node:os";
import { native } from "../native.ts";

const { EAGAIN } = constants.errno;
const tooLongForText = -7; /* -E2BIG */

/** So much is read before anybody asks for it. */
const mostUnread = 64 * 1024;

/** For bytes that nobody waits for. */
const landing = Buffer.allocUnsafeSlow(mostUnread);

/** Somebody who waits for bytes, and where they are wanted. */
interface Reader {
  readonly space: Uint8Array;
  readonly tell: (got: number | undefined) => void;
}

/**
 * A connection's descriptor, read as bytes come and written at once, with no socket in between. What nobody waits for is
 * kept, so that a client's going is noticed though nobody reads.
 */
export class DirectStream {
  readonly #fd: number;
  readonly #onFailed: (errno: number) => void;
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  #isWatched = false;
  #hasEnded = false;
  #isReleased = false;
  /** In the order in which they have asked. */
  readonly #readers: Reader[] = [];

  constructor(fd: number, onFailed: (errno: number) => void) {
    this.#fd = fd;
    this.#onFailed = onFailed;
  }

  /** From now on bytes are read as they come. */
  watch(): void {
    if (this.#isWatched || this.#hasEnded || this.#isReleased || this.#unreadBytes >= mostUnread) return;
    const result = native.watch(this.#fd);
    if (result < 0) return this.#onFailed(result);
    this.#isWatched = true;
  }

  onReadable(): void {
    const [first] = this.#readers;
    const got = native.readNow(this.#fd, first?.space ?? landing);
    if (got === -EAGAIN) return;
    if (got <= 0) this.#unwatch();
    this.#hasEnded = got === 0;
    if (got < 0) this.#onFailed(got);
    else if (got === 0) this.#tellAll(0);
    else if (first === undefined) this.#keep(got);
    else this.#readers.shift()?.tell(got);
  }

  /** How many bytes have been put into `space`; 0 at the end; undefined once the descriptor is released. */
  readInto(space: Uint8Array): Promise<number | undefined> {
    if (this.#unread.length > 0) return Promise.resolve(this.#takeUnread(space));
    if (this.#isReleased) return Promise.resolve(undefined);
    if (this.#hasEnded) return Promise.resolve(0);
    return new Promise((tell) => {
      this.#readers.push({ space, tell });
      this.watch();
    });
  }

  /**
   * What the kernel does not take at once; undefined if it takes all.
   * @param more - Whether more is to be written soon
   */
  write(data: string | Uint8Array, more: 0 | 1): string | Uint8Array | undefined {
    const isText = typeof data === "string";
    const left = isText ? native.writeTextNow(this.#fd, data, more) : native.writeNow(this.#fd, data, more);
    if (left === 0) return undefined;
    if (left === tooLongForText) return data;
    if (left > 0) return (isText ? Buffer.from(data) : data).subarray(-left);
    this.#onFailed(left);
    return undefined;
  }

  /** Leaves the descriptor to somebody else. What was read, and not asked for. */
  release(): readonly Buffer[] {
    this.#isReleased = true;
    this.#unwatch();
    this.#tellAll(undefined);
    return this.#unread.splice(0);
  }

  #tellAll(got: number | undefined): void {
    for (const { tell } of this.#readers.splice(0)) tell(got);
  }

  #keep(got: number): void {
    this.#unread.push(Buffer.from(landing.subarray(0, got)));
    this.#unreadBytes += got;
    if (this.#unreadBytes >= mostUnread) this.#unwatch();
  }

  #takeUnread(space: Uint8Array): number {
    const chunk = this.#unread.shift() as Buffer;
    const copied = chunk.copy(space);
    if (copied < chunk.length) this.#unread.unshift(chunk.subarray(copied));
    this.#unreadBytes -= copied;
    return copied;
  }

  #unwatch(): void {
    if (this.#isWatched) native.unwatch();
    this.#isWatched = false;
  }
}
