import { native } from "../native.ts";
import { now } from "./clock.ts";
import { connectionId } from "./slots.ts";
import { State } from "./states.ts";
import type { UsedTime } from "./usage.ts";

const layout = native.slotLayout;

/** A worker's own slot. For forked workers it is built in the zygote, over a page on which every child finds its own. */
export class OwnSlot {
  readonly page: ArrayBuffer;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Buffer;

  constructor(page: ArrayBuffer) {
    this.page = page;
    this.#words = new Int32Array(page);
    this.#doubles = new Float64Array(page);
    this.#bytes = Buffer.from(page);
  }

  get pid(): number {
    return this.#word(layout.pid);
  }

  /** Whether a connection is being served. */
  get isBusy(): boolean {
    const state = this.#word(layout.state);
    return state === State.busy || state === State.draining;
  }

  get peer(): string {
    return this.#bytes.toString("utf8", layout.peer, layout.peer + this.#word(layout.peer_length));
  }

  get generation(): number {
    return this.#word(layout.generation);
  }

  get served(): number {
    return this.#word(layout.served);
  }

  get connectionId(): string {
    return this.idOf(this.served);
  }

  /** The id of this worker's connection of that number. */
  idOf(served: number): string {
    return connectionId(this.generation, this.#word(layout.fork_number), served);
  }

  /** How long ago the connection came, in ms, whatever the wall clock has done since. */
  get age(): number {
    return Math.round(now() - this.#double(layout.connected_at));
  }

  get bytesIn(): number {
    return this.#double(layout.bytes_in);
  }

  get bytesOut(): number {
    return this.#double(layout.bytes_out);
  }

  /** What this process had used, in ms of processor time, when the connection came. */
  get usedBefore(): UsedTime {
    return { user: this.#double(layout.user_before), system: this.#double(layout.system_before) };
  }

  countBytes(received: number, sent: number): void {
    this.#doubles[layout.bytes_in / 8] = received;
    this.#doubles[layout.bytes_out / 8] = sent;
  }

  get isReported(): boolean {
    return this.#word(layout.reported) === 1;
  }

  /** How the connection ended is in the log, or is too usual to be there: nobody else need say it. */
  markReported(): void {
    this.#words[layout.reported / 4] = 1;
  }

  #double(offset: number): number {
    return this.#doubles[offset / 8] ?? 0;
  }

  #word(offset: number): number {
    return this.#words[offset / 4] ?? 0;
  }
}
