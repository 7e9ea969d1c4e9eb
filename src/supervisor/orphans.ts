import { constants } from "node:os";
import { openSync, readSync } from "node:fs";
import { native } from "../native.ts";
import { EndedWorker, killGroup, settleEndedWorker, type Undertaker } from "../scoreboard/ended-worker.ts";
import type { Slots } from "../scoreboard/slots.ts";
import { State } from "../scoreboard/states.ts";

const { SIGTERM } = constants.signals;

/**
 * The children that the supervisor did not start: the workers of a zygote that has died, and what user code had
 * started, both adopted because it is their subreaper. Never waits for "any child": that would take the zygote's end
 * away from Node.
 */
export class Orphans {
  readonly #undertaker: Undertaker;
  readonly #slots: Slots;
  readonly #ended = new EndedWorker();

  constructor(undertaker: Undertaker) {
    this.#undertaker = undertaker;
    this.#slots = undertaker.slots;
  }

  /** Buries those that have ended, but for zygotes. The zygote may be waiting for their slots. */
  reap(zygotes: readonly number[]): void {
    let freed = 0;
    for (const pid of children()) {
      if (zygotes.includes(pid) || native.ended(pid) !== pid) continue;
      const slot = this.#slotOf(pid);
      if (slot !== undefined) killGroup(pid);
      native.reap(pid, this.#ended.words);
      if (slot === undefined) continue;
      settleEndedWorker(this.#ended, slot, this.#undertaker);
      freed++;
    }
    if (freed > 0) native.ringBell();
  }

  /** Frees slots that a dead zygote had taken for workers which it did not live to fork, or did not live to bury. */
  freeForsaken(generation: number): void {
    const living = new Set(children());
    for (let slot = 0; slot < this.#slots.count; slot++) {
      const pid = this.#slots.pid(slot);
      const isForsaken = pid === 0 ? this.#slots.state(slot) === State.starting : !living.has(pid);
      if (isForsaken && this.#slots.generation(slot) <= generation) this.#slots.free(slot);
    }
  }

  /** Whether each child but the zygotes has a slot: one that was forked a moment ago may have yet to write its pid there. */
  areAccountedFor(zygotes: readonly number[]): boolean {
    return children().every((pid) => zygotes.includes(pid) || this.#slotOf(pid) !== undefined);
  }

  /** Whether no worker is left, of whichever zygote. */
  get areGone(): boolean {
    const living = new Set(children());
    if (living.size === 0) return true; // whatever the slots say: a worker may have spoilt its own
    for (let slot = 0; slot < this.#slots.count; slot++) {
      const isUnborn = this.#slots.state(slot) === State.starting && this.#slots.pid(slot) === 0;
      if (isUnborn || living.has(this.#slots.pid(slot))) return false;
    }
    return true;
  }

  /** Has the idle workers of generations before that one leave. */
  retireIdle(generation: number): void {
    const isIdle = (state: number): boolean => state === State.starting || state === State.idle;
    this.signal(SIGTERM, (state, of) => of < generation && isIdle(state));
  }

  /** Has all workers of generations before that one drain, but those that do already. */
  drain(generation: number): void {
    this.signal(SIGTERM, (state, of) => of < generation && state !== State.draining);
  }

  /** Signals the workers that `isMeant` picks by their state. What a slot says of its pid is believed of children alone. */
  signal(signal: number, isMeant: (state: number, generation: number) => boolean): void {
    const living = new Set(children());
    for (let slot = 0; slot < this.#slots.count; slot++) {
      const pid = this.#slots.pid(slot);
      const isWorker = living.has(pid) && !this.#slots.isFree(slot);
      if (isWorker && isMeant(this.#slots.state(slot), this.#slots.generation(slot))) native.kill(pid, signal);
    }
  }

  #slotOf(pid: number): number | undefined {
    for (let slot = 0; slot < this.#slots.count; slot++) {
      if (this.#slots.pid(slot) === pid && !this.#slots.isFree(slot)) return slot;
    }
    return undefined;
  }
}

/** Kept open: it is needed most when there are no more descriptors to be had. */
const childrenFile = openSync(`/proc/self/task/${process.pid}/children`, "r");
const buffer = Buffer.alloc(64 * 1024);

/** This process's children: proc_pid_children(5). */
export function children(): number[] {
  let text = "";
  for (let got = 1; got > 0; text += buffer.toString("latin1", 0, got)) {
    got = readSync(childrenFile, buffer, 0, buffer.length, text.length);
  }
  return text.trim() === "" ? [] : text.trim().split(" ").map(Number);
}
