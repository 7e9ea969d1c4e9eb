import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { State } from "./states.ts";
import type { UsedTime } from "./usage.ts";

const layout = native.slotLayout;
const wordsPerSlot = native.pageSize / 4;
/** FK_PEER_SIZE; a worker that has gone wild may claim more. */
const longestPeer = 128;
const doublesPerSlot = native.pageSize / 8;

/** All workers' slots, for the supervisor and the zygote, who read them and free those of the dead. */
export class Slots {
  readonly count: number;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(memfd: number, count: number) {
    const pages = succeeded("Mapping the scoreboard", native.mapSlots(memfd, count));
    this.count = count;
    this.#words = new Int32Array(pages);
    this.#doubles = new Float64Array(pages);
    this.#bytes = new Uint8Array(pages);
  }

  pid(slot: number): number {
    return this.#word(slot, layout.pid);
  }

  state(slot: number): number {
    return this.#word(slot, layout.state);
  }

  outcome(slot: number): number {
    return this.#word(slot, layout.outcome);
  }

  generation(slot: number): number {
    return this.#word(slot, layout.generation);
  }

  /** Connections that the worker has taken, the present one included. */
  served(slot: number): number {
    return this.#word(slot, layout.served);
  }

  /** Whether the worker itself has logged how its last connection ended. */
  reported(slot: number): boolean {
    return this.#word(slot, layout.reported) === 1;
  }

  connectionId(slot: number): string {
    return connectionId(this.generation(slot), this.#word(slot, layout.fork_number), this.served(slot));
  }

  /** How long ago the last connection came, in ms, whatever the wall clock has done since. */
  age(slot: number): number {
    return Math.round(native.now() - this.#double(slot, layout.connected_at));
  }

  /** Bytes of the last connection, as far as its worker has counted them. */
  bytesIn(slot: number): number {
    return this.#double(slot, layout.bytes_in);
  }

  bytesOut(slot: number): number {
    return this.#double(slot, layout.bytes_out);
  }

  /** What the worker had used, in ms of processor time, when the last connection came. */
  usedBefore(slot: number): UsedTime {
    return { user: this.#double(slot, layout.user_before), system: this.#double(slot, layout.system_before) };
  }

  /** The first of its deadlines to come, in ms of the monotonic clock; Infinity if there is none. */
  deadline(slot: number): number {
    const start = slot * doublesPerSlot;
    return Math.min(
      this.#deadline(start + layout.idle_deadline / 8),
      this.#deadline(start + layout.session_deadline / 8),
      this.#deadline(start + layout.drain_deadline / 8),
    );
  }

  peer(slot: number): string {
    const start = slot * native.pageSize + layout.peer;
    const length = Math.min(Math.max(0, this.#word(slot, layout.peer_length)), longestPeer);
    return Buffer.from(this.#bytes.buffer, start, length).toString("utf8");
  }

  isBusy(slot: number): boolean {
    const state = this.state(slot);
    return state === State.busy || state === State.draining;
  }

  /** Whether its worker waits for a connection, or will. */
  isIdle(slot: number): boolean {
    const state = this.state(slot);
    return state === State.starting || state === State.idle;
  }

  isStarting(slot: number): boolean {
    return this.state(slot) === State.starting;
  }

  /** Keeps a worker that has not waited for a connection yet from ever doing so; whether it is one. */
  dismiss(slot: number): boolean {
    const { starting, dismissed } = State;
    const index = slot * wordsPerSlot + layout.state / 4;
    return Atomics.compareExchange(this.#words, index, starting, dismissed) === starting;
  }

  /** For a worker that is about to be bred, and writes its pid itself: what the one before it has left is wiped out. */
  take(slot: number, generation: number): void {
    const start = slot * wordsPerSlot;
    this.#words.fill(0, start, start + wordsPerSlot);
    Atomics.store(this.#words, start + layout.generation / 4, generation);
    Atomics.store(this.#words, start + layout.state / 4, State.starting);
  }

  /** Zero stands for none, and what is no number is no deadline either. */
  #deadline(index: number): number {
    const deadline = this.#doubles[index] ?? 0;
    return deadline > 0 ? deadline : Infinity;
  }

  #double(slot: number, offset: number): number {
    return this.#doubles[slot * doublesPerSlot + offset / 8] ?? 0;
  }

  #word(slot: number, offset: number): number {
    return Atomics.load(this.#words, slot * wordsPerSlot + offset / 4);
  }
}

/** Unique in the life of a supervisor: which zygote, which of its forks, which connection of that worker. */
export function connectionId(generation: number, forkNumber: number, served: number): string {
  return `${generation}.${forkNumber}.${served}`;
}
