import { native } from "../native.ts";
import { EndedWorker, killGroup, settleEndedWorker, type Undertaker } from "../scoreboard/ended-worker.ts";
import { killIfAtFault, tellToLeave } from "../scoreboard/ending-workers.ts";
import { Registry } from "../scoreboard/registry.ts";
import { State } from "../scoreboard/states.ts";
import { children } from "./children.ts";

/** How often to look for workers that are at fault, in ms. */
const lookInterval = 2000;

/**
 * The children that the supervisor did not start: the workers of a zygote that has died, and what user code had
 * started, both adopted because it is their subreaper. Never waits for "any child": that would take the zygote's end
 * away from Node.
 */
export class Orphans {
  #undertaker: Undertaker;
  readonly #registry: Registry;
  readonly #ended = new EndedWorker();
  #look: NodeJS.Timeout | undefined;

  constructor(undertaker: Undertaker) {
    this.#undertaker = undertaker;
    this.#registry = undertaker.registry;
  }

  /** Buries those that have ended, but for zygotes. The zygote may be waiting for their slots. */
  reap(zygotes: readonly number[]): void {
    let freed = 0;
    for (const pid of children()) {
      if (zygotes.includes(pid) || native.ended(pid) !== pid) continue;
      const slot = this.#slotOf(pid);
      if (slot >= 0) killGroup(pid);
      native.reap(pid, this.#ended.words);
      if (slot < 0) continue;
      settleEndedWorker(this.#ended, slot, this.#undertaker);
      freed++;
    }
    if (freed > 0) native.ringBell();
  }

  /** From now on until none is left, sees to it that none outstays its time, as its zygote did. */
  watch(): void {
    clearInterval(this.#look);
    this.#look = setInterval(() => {
      if (this.areGone) return clearInterval(this.#look);
      for (const slot of this.#slots()) killIfAtFault(slot, this.#undertaker);
    }, lookInterval).unref();
  }

  /** Frees slots that a dead zygote had taken for workers which it did not live to breed, or did not live to bury. */
  freeForsaken(generation: number): void {
    const living = new Set(children());
    for (let slot = 0; slot < this.#registry.count; slot++) {
      const isForsaken = this.#registry.isTaken(slot) && !living.has(this.#registry.pid(slot));
      if (!isForsaken || this.#registry.generation(slot) > generation) continue;
      this.#undertaker.slots.free(slot);
      this.#registry.clear(slot);
    }
  }

  /** Whether each child but the zygotes has a slot: one that was bred a moment ago may have yet to write its pid there. */
  areAccountedFor(zygotes: readonly number[]): boolean {
    return children().every((pid) => zygotes.includes(pid) || this.#slotOf(pid) >= 0);
  }

  /** Whether no worker is left, of whichever zygote, nor one about to be. */
  get areGone(): boolean {
    return this.#registry.find(Registry.unborn) < 0 && this.#slots().length === 0;
  }

  /** Has the idle workers of generations before that one leave. */
  retireIdle(generation: number): void {
    const { slots } = this.#undertaker;
    for (const slot of this.#slots()) {
      if (slots.isIdle(slot) && this.#registry.generation(slot) < generation) tellToLeave(slot, this.#undertaker);
    }
  }

  /** Has all workers drain, but those that do already. */
  drain(): void {
    const { slots } = this.#undertaker;
    for (const slot of this.#slots()) {
      if (slots.state(slot) !== State.draining) tellToLeave(slot, this.#undertaker);
    }
  }

  /** The daemon stops at once: that they are killed is nothing to wonder at. */
  expectKill(): void {
    this.#undertaker = { ...this.#undertaker, isStopping: true };
  }

  /** The slots whose workers are children of this process. */
  #slots(): number[] {
    return children()
      .map((pid) => this.#slotOf(pid))
      .filter((slot) => slot >= 0);
  }

  /** What a worker's slot says of its pid is believed only of one that its zygote did not live to enter. */
  #slotOf(pid: number): number {
    const known = this.#registry.find(pid);
    if (known >= 0) return known;
    for (let slot = 0; slot < this.#registry.count; slot++) {
      const isUnborn = this.#registry.pid(slot) === Registry.unborn;
      if (isUnborn && this.#undertaker.slots.pid(slot) === pid) return this.#adopt(slot, pid);
    }
    return -1;
  }

  #adopt(slot: number, pid: number): number {
    this.#registry.enter(slot, pid);
    return slot;
  }
}
