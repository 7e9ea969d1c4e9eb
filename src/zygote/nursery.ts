import type { Settings } from "../config/settings.ts";
import type { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import { now } from "../scoreboard/clock.ts";
import { EndedWorker, killGroup, settleEndedWorker } from "../scoreboard/ended-worker.ts";
import type { Header } from "../scoreboard/header.ts";
import { killFor, killIfAtFault, lookInterval, tellToLeave, type Keeper } from "../scoreboard/keeper.ts";
import type { Registry } from "../scoreboard/registry.ts";
import type { Slots } from "../scoreboard/slots.ts";
import { outcomes, State } from "../scoreboard/states.ts";
import { describeErrno } from "../system-error.ts";
import { BackOff } from "./back-off.ts";
import type { Breeder } from "./breeder.ts";
import type { Control } from "./control.ts";
import { Leavers } from "./leavers.ts";
import { Spares } from "./spares.ts";

/** After `drainTimeout` workers end themselves; those that do not are killed so much later. */
const killDelay = 1000;

export interface NurseryParts {
  readonly settings: Settings;
  readonly generation: number;
  readonly header: Header;
  readonly slots: Slots;
  readonly registry: Registry;
  readonly pipeLog: PipeLog;
  readonly listeners: readonly number[];
  readonly control: Control;
  readonly breeder: Breeder;
}

/** Garbage again: only a fraction of a millisecond would be an object of its own. */
const wholeMs = (ms: number): number => Math.max(1, Math.ceil(ms));

const killForOverstaying = (slot: number, keeper: Keeper): void => killFor("drain timeout", slot, keeper);

/**
 * The zygote's children: kept at so many spares, reaped, and told to leave in the end.
 *
 * A round of the loop that forks makes no garbage, no function either that remembers something: each page of it that the zygote
 * fills would be copied, in the page tables of each child, until V8 collects it.
 */
export class Nursery {
  readonly #parts: NurseryParts;
  readonly #keeper: Keeper;
  readonly #spares: Spares;
  readonly #leavers: Leavers;
  readonly #ended = new EndedWorker();
  readonly #breedingTrouble = new BackOff();
  readonly #startTrouble = new BackOff();
  #live = 0;
  #forks = 0;
  #commands = 0;
  #drift = 0;
  #isReady = false;
  #isRetired = false;
  #crashIsTold = false;
  #killAt = 0;
  #lookAt = 0;

  constructor(parts: NurseryParts) {
    this.#parts = parts;
    this.#keeper = { ...parts, log: parts.pipeLog.ofWorkers };
    this.#leavers = new Leavers(parts.header, parts.registry, parts.generation);
    this.#spares = new Spares(parts.slots, parts.registry, parts.settings);
  }

  /**
   * Returns "worker" in each child that is a copy of the zygote, and "done" in the zygote when the last child has left, or
   * is left to the supervisor.
   */
  tend(): "worker" | "done" {
    for (;;) {
      const seen = native.bellCount();
      this.#parts.registry.orders.answerHeartbeat();
      this.#reap();
      this.#obey();
      if (this.#isRetired || (this.#killAt > 0 && this.#live === 0)) return "done";
      if (this.#killAt === 0 && this.#breedSpares() === "worker") return "worker";
      this.#announce();
      this.#killOverdue();
      this.#killFaulty();
      native.waitForBell(seen, this.#patience());
    }
  }

  #reap(): void {
    this.#leavers.hear();
    while (this.#leavers.find(this.#ended)) {
      const { pid } = this.#ended;
      const slot = this.#parts.registry.find(pid); // below 0: a program that the module has started while it was loaded
      if (slot >= 0) this.#settle(slot);
      native.reap(pid);
    }
  }

  #settle(slot: number): void {
    const { slots } = this.#parts;
    killGroup(this.#ended.pid);
    if (slots.state(slot) !== State.starting) this.#startTrouble.succeed();
    else if (this.#killAt === 0) this.#startTrouble.fail(); // whatever its status: it has never waited for a connection
    this.#live--;
    const isSuspicious = slots.isBusy(slot) && this.#hasCrashed(slot);
    settleEndedWorker(this.#ended, slot, this.#keeper);
    if (isSuspicious) this.#tellCrash();
  }

  #hasCrashed(slot: number): boolean {
    return this.#ended.hasCrashed && outcomes[this.#parts.slots.outcome(slot)] !== "memory limit";
  }

  /** Once: at the first, the supervisor sees to it that another zygote comes. */
  #tellCrash(): void {
    if (this.#crashIsTold) return;
    this.#crashIsTold = true;
    this.#parts.control.send({ type: "crashed" });
  }

  #obey(): void {
    const { registry, control } = this.#parts;
    if (registry.orders.commands === this.#commands) return;
    this.#commands = registry.orders.commands;
    for (let command = control.poll(); command !== undefined; command = control.poll()) {
      if (command.type === "retire") this.#isRetired = true;
      if (command.type === "drain" && this.#killAt === 0) this.#drain();
    }
  }

  #drain(): void {
    this.#killAt = performance.now() + this.#parts.settings.drainTimeout + killDelay;
    for (const fd of this.#parts.listeners) native.close(fd);
    this.#forEach(tellToLeave);
  }

  #killOverdue(): void {
    if (this.#killAt === 0 || performance.now() < this.#killAt) return;
    this.#forEach(killForOverstaying);
    this.#killAt = performance.now() + killDelay;
  }

  /** Not at each fork: it takes a look at every worker's clock. */
  #killFaulty(): void {
    if (now() < this.#lookAt) return;
    this.#lookAt = now() + lookInterval;
    this.#forEach(killIfAtFault);
  }

  #forEach(act: (slot: number, keeper: Keeper) => void): void {
    for (let slot = 0; slot < this.#allowed; slot++) if (this.#isOurs(slot)) act(slot, this.#keeper);
  }

  /** How many workers there may be, and in which slots this process's are: in the first so many. */
  get #allowed(): number {
    return this.#parts.settings.maxConnections;
  }

  /** Whether a child of this process is in the slot. */
  #isOurs(slot: number): boolean {
    const { registry, generation } = this.#parts;
    return registry.isTaken(slot) && registry.generation(slot) === generation;
  }

  #breedSpares(): "worker" | undefined {
    const { registry, settings } = this.#parts;
    // Workers that an earlier zygote has left behind have their places until they end.
    let missing = Math.min(settings.spareWorkers - this.#countIdle(), registry.room(this.#allowed));
    for (; missing > 0 && this.#pause === 0; missing--) {
      if (this.#breed(registry.findFree()) === 0) return "worker";
    }
    return undefined;
  }

  /**
   * Counts, for what the header says any worker that has gone wild may have spoilt. Others go by it, so it is put right,
   * if it is wrong twice by the same number: once may be a worker that is just being taken.
   */
  #countIdle(): number {
    const { header, generation, settings } = this.#parts;
    const idle = this.#spares.count();
    const drift = header.idle - idle;
    if (drift !== 0 && drift === this.#drift) header.correctIdle(-drift);
    this.#drift = drift;
    header.confirmGeneration(generation, settings.spareWorkers);
    return idle;
  }

  #announce(): void {
    if (this.#isReady || this.#pause > 0 || !this.#hasReadyWorker()) return;
    this.#isReady = true;
    this.#parts.control.send({ type: "ready" });
  }

  #hasReadyWorker(): boolean {
    const { registry, slots, breeder } = this.#parts;
    for (let slot = 0; slot < this.#allowed; slot++) {
      if (this.#isOurs(slot) && slots.state(slot) >= breeder.readyState) return true;
    }
    return this.#live === 0 && registry.room(this.#allowed) <= 0; // an earlier zygote's workers have all places
  }

  #breed(slot: number): number {
    const { registry, slots, generation, pipeLog, breeder } = this.#parts;
    slots.take(slot, generation); // before anybody looks at it
    registry.take(slot, generation);
    const pid = breeder.breed(slot, generation, ++this.#forks);
    if (pid === 0) return 0;
    if (pid < 0) this.#onBreedingFailed(slot, pid);
    else {
      registry.enter(slot, pid);
      this.#spares.add(slot);
      this.#live++;
      if (this.#breedingTrouble.succeed()) pipeLog.log.info(`${breeder.verb}ing again`, { generation });
    }
    return pid;
  }

  #onBreedingFailed(slot: number, errno: number): void {
    const { registry, pipeLog, breeder } = this.#parts;
    registry.clear(slot);
    if (this.#breedingTrouble.fail()) {
      pipeLog.log.error(`${breeder.verb} failed: ${describeErrno(errno)}; trying again, with pauses of up to 1s`);
    }
  }

  /** How long to wait for the bell, in ms; below 0: for ever. */
  #patience(): number {
    if (this.#killAt > 0) return wholeMs(Math.min(this.#killAt - performance.now(), this.#leavers.patience));
    if (this.#pause > 0) return wholeMs(Math.min(this.#pause, this.#leavers.patience));
    return this.#live > 0 ? wholeMs(Math.min(this.#lookAt - now(), this.#leavers.patience)) : -1;
  }

  get #pause(): number {
    return Math.max(this.#breedingTrouble.remaining, this.#startTrouble.remaining);
  }
}
