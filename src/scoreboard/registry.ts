import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { Orders } from "./orders.ts";

const wordsOfOrders = 16; // a line of the cache to themselves
const none = 0;
/** Instead of the time when a worker was bred. */
const condemned = Infinity;
const beingTold = -Infinity;

/**
 * Who is in which slot, for the supervisor and the zygote, who write it down and read it. No worker can reach it, while
 * what workers say of themselves, in the slots, is theirs to spoil.
 */
export class Registry {
  /** Its worker has yet to be bred, or the zygote has died before it could write down that it was. No pid is as high. */
  static readonly unborn = 2 ** 31 - 1;

  readonly count: number;
  readonly orders: Orders;
  readonly #pids: Int32Array;
  readonly #generations: Int32Array;
  /** By the clock of the scoreboard. */
  readonly #bredAt: Float64Array;

  /** Its memfd, for so many workers. */
  static create(count: number): number {
    return succeeded("Making the registry", native.createRegistry(sizeFor(count)));
  }

  constructor(memfd: number, count: number) {
    const memory = succeeded("Mapping the registry", native.mapRegistry(memfd, sizeFor(count)));
    const start = wordsOfOrders * 4;
    this.count = count;
    this.orders = new Orders(new Int32Array(memory, 0, wordsOfOrders));
    this.#bredAt = new Float64Array(memory, start, count);
    this.#pids = new Int32Array(memory, start + count * 8, count);
    this.#generations = new Int32Array(memory, start + count * 12, count);
  }

  /** Of the slot's worker; 0 if there is none, or `unborn`. */
  pid(slot: number): number {
    return this.#pids[slot] ?? none;
  }

  generation(slot: number): number {
    return this.#generations[slot] ?? none;
  }

  isTaken(slot: number): boolean {
    return this.pid(slot) !== none;
  }

  /** In ms, since the worker was entered. */
  age(slot: number): number {
    return native.now() - (this.#bredAt[slot] ?? 0);
  }

  /** The slots that somebody is in. */
  taken(): number[] {
    return Array.from(this.#pids.keys()).filter((slot) => this.isTaken(slot));
  }

  /** The slot of a worker, below 0 if it has none. */
  find(pid: number): number {
    return this.#pids.indexOf(pid);
  }

  /** A slot that nobody is in, below 0 if there is none. */
  findFree(): number {
    return this.#pids.indexOf(none);
  }

  /** For a worker that is about to be bred. */
  take(slot: number, generation: number): void {
    this.#generations[slot] = generation;
    Atomics.store(this.#pids, slot, Registry.unborn);
  }

  enter(slot: number, pid: number): void {
    this.#bredAt[slot] = native.now();
    Atomics.store(this.#pids, slot, pid);
  }

  clear(slot: number): void {
    Atomics.store(this.#pids, slot, none);
  }

  /** It has been killed, and is not there any more as soon as it is reaped. */
  condemn(slot: number): void {
    this.#bredAt[slot] = condemned;
  }

  isCondemned(slot: number): boolean {
    return this.#bredAt[slot] === condemned;
  }

  /** The log is about to be told of its end. */
  beginTelling(slot: number): void {
    this.#bredAt[slot] = beingTold;
  }

  /** Whether somebody has begun to tell of its end, and has died before the slot was cleared. */
  mayBeTold(slot: number): boolean {
    return this.#bredAt[slot] === beingTold;
  }
}

const sizeFor = (count: number): number => wordsOfOrders * 4 + count * (8 + 4 + 4);
