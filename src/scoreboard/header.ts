import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { outcomes, type Outcome } from "./states.ts";

const layout = native.headerLayout;

/** The scoreboard's first page: what concerns all workers. */
export class Header {
  readonly #words: Int32Array;
  readonly #counters: BigUint64Array;

  constructor(memfd: number) {
    const page = succeeded("Mapping the scoreboard", native.mapHeader(memfd));
    this.#words = new Int32Array(page);
    this.#counters = new BigUint64Array(page);
  }

  /** From now on only workers of `generation` count as idle, of which there are none yet. */
  beginGeneration(generation: number, spares: number): void {
    this.confirmGeneration(generation, spares);
    Atomics.store(this.#words, layout.idle / 4, 0);
  }

  /** Says again what any worker may have overwritten. */
  confirmGeneration(generation: number, spares: number): void {
    Atomics.store(this.#words, layout.generation / 4, generation);
    Atomics.store(this.#words, layout.spares / 4, spares);
  }

  get idle(): number {
    return Atomics.load(this.#words, layout.idle / 4);
  }

  correctIdle(by: number): void {
    Atomics.add(this.#words, layout.idle / 4, by);
  }

  /** An idle worker of `generation` has died. */
  uncountIdle(generation: number): void {
    if (generation === Atomics.load(this.#words, layout.generation / 4)) Atomics.sub(this.#words, layout.idle / 4, 1);
  }

  /** How many workers have said that they leave, as far as that fits 32 bits. */
  get leaving(): number {
    return Atomics.load(this.#words, layout.leaving / 4) >>> 0;
  }

  /** The pid of the so many'th of them, if that is one of the last `leaversKept`. */
  leaver(index: number): number {
    return Atomics.load(this.#words, layout.leavers / 4 + (index % this.leaversKept));
  }

  readonly leaversKept = native.leaversKept;

  /** How many connections have been accepted. */
  get accepted(): number {
    return Number(Atomics.load(this.#counters, layout.accepted / 8));
  }

  /** How many connections have ended so. */
  ended(outcome: Outcome): number {
    return Number(Atomics.load(this.#counters, layout.ended / 8 + outcomes.indexOf(outcome)));
  }

  /** An end that the worker could not note itself. */
  countEnd(outcome: Outcome): void {
    Atomics.add(this.#counters, layout.ended / 8 + outcomes.indexOf(outcome), 1n);
  }

  /** Log records that were lost since this was last asked. */
  takeDroppedRecords(): number {
    return Atomics.exchange(this.#words, layout.log_dropped / 4, 0);
  }

  noteDroppedRecord(): void {
    Atomics.add(this.#words, layout.log_dropped / 4, 1);
  }
}
