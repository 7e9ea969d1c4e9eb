import { native } from "../native.ts";
import { now } from "../scoreboard/clock.ts";
import { EndedWorker, killGroup, settleEndedWorker } from "../scoreboard/ended-worker.ts";
import { killIfAtFault, lookInterval, tellToLeave, type Keeper } from "../scoreboard/keeper.ts";
import { Registry } from "../scoreboard/registry.ts";
import { State } from "../scoreboard/states.ts";
import { children } from "./children.ts";

/** A child that a dying zygote has just bred writes its pid down within so many such pauses, of so many ms. */
const birthPause = 100;
const birthPauses = 50;

/**
 * The children that the supervisor did not start: the workers of a zygote that has died, and what user code had
 * started, both adopted because it is their subreaper. Never waits for "any child": that would take the zygote's end
 * away from Node.
 */
export class Orphans {
  #keeper: Keeper;
  readonly #registry: Registry;
  /** By the generation whose workers are held to them. */
  readonly #settings = new Map<number, Keeper["settings"]>();
  /** Of generations that are to drain: when their workers must have ended, heed it or not. */
  readonly #deadlines = new Map<number, number>();
  readonly #ended = new EndedWorker();
  #look: NodeJS.Timeout | undefined;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#registry = keeper.registry;
  }

  /** From that generation on these hold, for its workers and those of the next ones. */
  adoptSettings(generation: number, settings: Keeper["settings"]): void {
    this.#keeper = { ...this.#keeper, settings };
    this.#settings.set(generation, settings);
    for (const old of this.#settings.keys()) if (old !== generation && !this.#hasWorkers(old)) this.#forget(old);
  }

  #forget(generation: number): void {
    this.#settings.delete(generation);
    this.#deadlines.delete(generation);
  }

  /** Buries those that have ended, but for those whose end others want to hear of. The zygote may be waiting for their slots. */
  reap(others: readonly number[]): void {
    let freed = 0;
    for (const pid of children()) {
      if (others.includes(pid) || native.ended(pid, this.#ended.words) !== pid) continue;
      if (this.#settle(pid)) freed++;
      native.reap(pid);
    }
    if (freed > 0) native.ringBell();
  }

  /** Whether it was a worker, whose slot is free now. */
  #settle(pid: number): boolean {
    const slot = this.#adopt(pid);
    if (slot < 0) return false;
    killGroup(pid);
    settleEndedWorker(this.#ended, slot, this.#keeperOf(slot));
    return true;
  }

  /**
   * A zygote has ended, and its workers are this process's from now on: they are watched as it watched them, and slots that it
   * had taken for nobody are freed. Who was bred last may have yet to write down that it lives.
   */
  inheritFrom(generation: number, zygotes: () => readonly number[], sweep: () => void): void {
    this.#watch();
    this.#afterBirths(birthPauses, zygotes, () => {
      this.#freeForsaken(generation);
      native.ringBell();
      sweep();
    });
  }

  #watch(): void {
    clearInterval(this.#look);
    this.#look = setInterval(() => {
      if (this.areGone) return clearInterval(this.#look);
      for (const slot of this.#slots()) killIfAtFault(slot, this.#keeperOf(slot));
    }, lookInterval).unref();
  }

  #afterBirths(pauses: number, zygotes: () => readonly number[], act: () => void): void {
    setTimeout(() => {
      if (pauses > 0 && this.#mayBeBorn(zygotes())) this.#afterBirths(pauses - 1, zygotes, act);
      else act();
    }, birthPause).unref();
  }

  /**
   * Whether a child may be a worker that a dead zygote had just bred: who has yet to write its pid into its slot. Those
   * that have done so are adopted.
   */
  #mayBeBorn(zygotes: readonly number[]): boolean {
    const unknown = children().filter((pid) => !zygotes.includes(pid) && this.#adopt(pid) < 0);
    return unknown.length > 0 && this.#registry.find(Registry.unborn) >= 0;
  }

  /** Slots of workers which the zygote did not live to breed, or did not live to bury. */
  #freeForsaken(generation: number): void {
    const living = new Set(children());
    for (let slot = 0; slot < this.#registry.count; slot++) {
      const isForsaken = this.#registry.isTaken(slot) && !living.has(this.#registry.pid(slot));
      if (isForsaken && this.#registry.generation(slot) <= generation) this.#registry.clear(slot);
    }
  }

  /** Whether no worker is left, of whichever zygote, nor one about to be. */
  get areGone(): boolean {
    return this.#registry.find(Registry.unborn) < 0 && this.#slots().length === 0;
  }

  /** Has the idle workers of generations before that one leave. */
  retireIdle(generation: number): void {
    for (const slot of this.#idleBefore(generation)) tellToLeave(slot, this.#keeper);
  }

  /** Whether such a one may still accept a connection: it is idle, or busy, may serve another, and has yet to hear. */
  mayAcceptBefore(generation: number): boolean {
    const { slots } = this.#keeper;
    return this.#before(generation).some((slot) => {
      const { connectionsPerWorker } = this.#keeperOf(slot).settings;
      const mayServeAnother = slots.state(slot) === State.busy && slots.served(slot) < connectionsPerWorker;
      return slots.isIdle(slot) || mayServeAnother;
    });
  }

  /** Has the workers of generations before that one drain, but those that do already. */
  drainBefore(generation: number): void {
    const { slots } = this.#keeper;
    for (const slot of this.#before(generation)) {
      this.#setDeadline(this.#registry.generation(slot), this.#keeperOf(slot).settings);
      if (slots.state(slot) !== State.draining) tellToLeave(slot, this.#keeper);
    }
  }

  #setDeadline(generation: number, { drainTimeout }: Keeper["settings"]): void {
    if (!this.#deadlines.has(generation)) this.#deadlines.set(generation, now() + drainTimeout);
  }

  /** Has all of them drain. */
  drain(): void {
    this.drainBefore(Infinity);
  }

  #idleBefore(generation: number): number[] {
    return this.#before(generation).filter((slot) => this.#keeper.slots.isIdle(slot));
  }

  #before(generation: number): number[] {
    return this.#slots().filter((slot) => this.#registry.generation(slot) < generation);
  }

  #hasWorkers(generation: number): boolean {
    return this.#slots().some((slot) => this.#registry.generation(slot) === generation);
  }

  #keeperOf(slot: number): Keeper {
    const generation = this.#registry.generation(slot);
    const { settings } = this.#keeper;
    const deadline = this.#deadlines.get(generation) ?? Infinity;
    return { ...this.#keeper, settings: this.#settings.get(generation) ?? settings, deadline };
  }

  /** The daemon stops at once: that they are killed is nothing to wonder at. */
  expectKill(): void {
    this.#keeper = { ...this.#keeper, isStopping: true };
  }

  /** The slots whose workers are children of this process. */
  #slots(): number[] {
    return children()
      .map((pid) => this.#adopt(pid))
      .filter((slot) => slot >= 0);
  }

  /**
   * A child's slot, below 0 if it is no worker. What a slot says of its pid is believed, and written down, only of one that
   * its zygote did not live to enter.
   */
  #adopt(pid: number): number {
    const known = this.#registry.find(pid);
    if (known >= 0) return known;
    for (let slot = 0; slot < this.#registry.count; slot++) {
      const isUnborn = this.#registry.pid(slot) === Registry.unborn;
      if (!isUnborn || this.#keeper.slots.pid(slot) !== pid) continue;
      this.#registry.enter(slot, pid);
      return slot;
    }
    return -1;
  }
}
