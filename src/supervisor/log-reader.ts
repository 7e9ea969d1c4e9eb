import { once } from "node:events";
import { Socket } from "node:net";

const bufferSize = 64 * 1024;
/** In ms: nobody who reads a log is in a hurry, and the pipe has room for what comes meanwhile. */
const rest = 50;

/**
 * Reads the log's pipe. What comes after a pause is read at once; what follows closely is read together: being woken for each
 * of a thousand records in a second costs more than writing them.
 */
export class LogReader {
  readonly #socket: Socket;
  #isClosing = false;
  #resting: NodeJS.Timeout | undefined;

  constructor(fd: number, onBytes: (bytes: Buffer) => void, onEnd: () => void) {
    const buffer = Buffer.alloc(bufferSize);
    const callback = (length: number): boolean => {
      onBytes(buffer.subarray(0, length));
      if (length < bufferSize && !this.#isClosing) this.#rest();
      return true;
    };
    const options = { fd, readable: true, writable: false, onread: { buffer, callback } };
    this.#socket = new Socket(options);
    this.#socket.on("end", onEnd).resume();
  }

  /** Reads without pauses, until nobody is left who could write. */
  async toEnd(): Promise<void> {
    this.#isClosing = true;
    this.#socket.resume();
    await once(this.#socket, "close");
  }

  /** Until `resume` nothing is read. */
  pause(): void {
    clearTimeout(this.#resting);
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** What `pause` says holds only for what is read into a buffer of one's own: then it is not read. */
  #rest(): void {
    this.#socket.pause();
    this.#resting = setTimeout(() => this.#socket.resume(), rest); // not unref'd: nothing else may be left that keeps the event loop going
  }
}
