import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { mostConnections } from "./capacity.ts";
import { now } from "./clock.ts";
import { Orders } from "./orders.ts";

/** The orders, and the count of slots: each with a line of the cache to itself. */
const wordsPerLine = 16;
const startOfColumns = 2 * wordsPerLine * 4;
const bytesPerWorker = 8 + 4 + 4;
const size = startOfColumns + mostConnections * bytesPerWorker;

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

  readonly orders: Orders;
  readonly #count: Int32Array;
  readonly #pids: Int32Array;
  readonly #generations: Int32Array;
  /** By the clock of the scoreboard. */
  readonly #bredAt: Float64Array;
  /** The pids of those slots that are to be looked at. */
  #provided: Int32Array;

  /** Its memfd, with room for as many workers as there may ever be: what is not used takes up no memory. */
  static create(): number {
    return succeeded("Making the registry", native.createRegistry(size));
  }

  constructor(memfd: number) {
    const memory = succeeded("Mapping the registry", native.mapRegistry(memfd, size));
    this.orders = new Orders(new Int32Array(memory, 0, wordsPerLine));
    this.#count = new Int32Array(memory, wordsPerLine * 4, 1);
    this.#bredAt = new Float64Array(memory, startOfColumns, mostConnections);
    this.#pids = new Int32Array(memory, startOfColumns + mostConnections * 8, mostConnections);
    this.#generations = new Int32Array(memory, startOfColumns + mostConnections * 12, mostConnections);
    this.#provided = this.#pids.subarray(0, this.count);
  }

  /** How many slots are to be looked at: as many as any zygote has been allowed so far. */
  get count(): number {
    return Atomics.load(this.#count, 0);
  }

  /** A zygote is about to fork that may use the first so many slots; those beyond, that earlier ones used, remain. */
  provide(slots: number): void {
    if (slots > this.count) Atomics.store(this.#count, 0, slots);
  }

  /** How many more workers may be bred by a zygote that is allowed so many in all: each counts, of whichever generation. */
  room(allowed: number): number {
    const pids = this.#pidsProvided();
    let room = allowed;
    for (let slot = 0; slot < pids.length; slot++) if (pids[slot] !== none) room--;
    return room;
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
    return now() - (this.#bredAt[slot] ?? 0);
  }

  /** The slots that somebody is in. */
  taken(): number[] {
    return Array.from(this.#pidsProvided().keys()).filter((slot) => this.isTaken(slot));
  }

  /** The slot of a worker, below 0 if it has none. */
  find(pid: number): number {
    return this.#pidsProvided().indexOf(pid);
  }

  /** The first slot that nobody is in: as long as there is `room`, one of those that are allowed. */
  findFree(): number {
    return this.#pidsProvided().indexOf(none);
  }

  /** For a worker that is about to be bred. */
  take(slot: number, generation: number): void {
    this.#generations[slot] = generation;
    Atomics.store(this.#pids, slot, Registry.unborn);
  }

  enter(slot: number, pid: number): void {
    this.#bredAt[slot] = now();
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

  /** No more than these: even to read an unused page takes it up. Another process may have provided for more. */
  #pidsProvided(): Int32Array {
    const { count } = this;
    if (this.#provided.length !== count) this.#provided = this.#pids.subarray(0, count);
    return this.#provided;
  }
}
