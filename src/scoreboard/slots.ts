import { constants } from "node:os";
import { formatSize } from "../config/size.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { now } from "./clock.ts";
import { mostConnections, slotForTrials } from "./capacity.ts";
import { succeeded } from "../system-error.ts";
import { outcomeNumber, outcomes, State, type Outcome } from "./states.ts";
import type { UsedTime } from "./usage.ts";

const layout = native.slotLayout;
const wordsPerSlot = native.pageSize / 4;
/** FK_PEER_SIZE; a worker that has gone wild may claim more. */
const longestPeer = 128;
const doublesPerSlot = native.pageSize / 8;

/** All workers' slots, for the supervisor and the zygote, who read them and free those of the dead. */
export class Slots {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;

  /**
   * The scoreboard's memfd: a page for the header, one for each worker that there may ever be, one for trials. Those that
   * nobody has used take up no memory.
   * @throws ForkdError `FORKD_E_SYSTEM`
   */
  static create(): number {
    const slots = slotForTrials + 1;
    const memfd = native.createScoreboard(slots);
    if (memfd === -constants.errno.EFBIG) throw tooLarge((1 + slots) * native.pageSize);
    return succeeded("Making the scoreboard", memfd);
  }

  /** @param count - How many there are to look at: in a zygote, those of its own workers. */
  constructor(memfd: number, count: number = mostConnections) {
    const pages = succeeded("Mapping the scoreboard", native.mapSlots(memfd, count));
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

  /** What its worker cannot note itself; whether nobody had noted anything, and so it is to be counted. */
  noteOutcome(slot: number, outcome: Outcome): boolean {
    const before = this.outcome(slot);
    if ((outcomes[before] ?? "none") !== "none") return false; // a worker that has gone wild may have left a number of its own
    const index = slot * wordsPerSlot + layout.outcome / 4;
    return Atomics.compareExchange(this.#words, index, before, outcomeNumber(outcome)) === before;
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
    return Math.round(now() - this.#double(slot, layout.connected_at));
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

  /** Has its worker end by then, unless that has a deadline of its own for a drain: it may not hear that it is to drain. */
  limitDrain(slot: number, deadline: number): void {
    const index = slot * doublesPerSlot + layout.drain_deadline / 8;
    if (this.#deadline(index) === Infinity) this.#doubles[index] = deadline;
  }

  /** Infinity if there is none. */
  drainDeadline(slot: number): number {
    return this.#deadline(slot * doublesPerSlot + layout.drain_deadline / 8);
  }

  /** Infinity if there is none. */
  idleDeadline(slot: number): number {
    return this.#deadline(slot * doublesPerSlot + layout.idle_deadline / 8);
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

function tooLarge(size: number): ForkdError {
  return new ForkdError(
    "FORKD_E_SYSTEM",
    `The supervisor's limit on the size of files, RLIMIT_FSIZE, must be ${formatSize(size)} or more, for memory that it ` +
      "shares with its workers, of which little is used. Raise it (ulimit -f, LimitFSIZE= of systemd), and have " +
      "limits.fileSize hold the workers.",
  );
}

/** Unique in the life of a supervisor: which zygote, which of its forks, which connection of that worker. */
export function connectionId(generation: number, forkNumber: number, served: number): string {
  return `${generation}.${forkNumber}.${served}`;
}
