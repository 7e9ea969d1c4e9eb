import { constants } from "node:os";
import type { Settings } from "../config/settings.ts";
import type { PipeLog } from "../log/pipe-log.ts";
import { native } from "../native.ts";
import { EndedWorker, killGroup, settleEndedWorker, type Undertaker } from "../scoreboard/ended-worker.ts";
import type { Header } from "../scoreboard/header.ts";
import type { Slots } from "../scoreboard/slots.ts";
import { State } from "../scoreboard/states.ts";
import { describeErrno } from "../system-error.ts";
import { BackOff } from "./back-off.ts";
import type { Control } from "./control.ts";

const { SIGTERM, SIGKILL } = constants.signals;

/** After `drainTimeout` workers end themselves; those that do not are killed so much later. */
const killDelay = 1000;

export interface NurseryParts {
  readonly settings: Settings;
  readonly generation: number;
  readonly header: Header;
  readonly slots: Slots;
  readonly pipeLog: PipeLog;
  readonly listeners: readonly number[];
  readonly control: Control;
}

/**
 * The zygote's children: kept at so many spares, reaped, and told to leave in the end.
 *
 * The loop allocates nothing as long as all is well: garbage in the zygote's heap would be collected by each child.
 */
export class Nursery {
  readonly #parts: NurseryParts;
  /** The truth about who is whose child: by slot, 0 for none. */
  readonly #pids: Int32Array;
  readonly #undertaker: Undertaker;
  readonly #ended = new EndedWorker();
  readonly #forkTrouble = new BackOff();
  readonly #startTrouble = new BackOff();
  #live = 0;
  #forks = 0;
  #commands = 0;
  #isReady = false;
  #killAt = 0;

  constructor(parts: NurseryParts) {
    this.#parts = parts;
    this.#undertaker = { ...parts, log: parts.pipeLog.ofWorkers };
    this.#pids = new Int32Array(parts.slots.count);
  }

  /** Returns "worker" in each child, and "drained" in the zygote when the last child has left. */
  tend(): "worker" | "drained" {
    for (;;) {
      const seen = native.bellCount();
      this.#reap();
      this.#obey();
      if (this.#killAt > 0 && this.#live === 0) return "drained";
      if (this.#killAt === 0 && this.#forkSpares() === "worker") return "worker";
      this.#killOverdue();
      native.waitForBell(seen, this.#patience());
    }
  }

  #reap(): void {
    for (let pid = native.ended(-1); pid > 0; pid = native.ended(-1)) {
      const slot = this.#pids.indexOf(pid); // below 0: a program that the module has started while it was loaded
      if (slot >= 0) killGroup(pid);
      native.reap(pid, this.#ended.words);
      if (slot >= 0) this.#bury(slot);
    }
  }

  #bury(slot: number): void {
    const { slots } = this.#parts;
    if (slots.state(slot) !== State.starting) this.#startTrouble.succeed();
    else if (this.#ended.status !== 0) this.#startTrouble.fail();
    this.#pids[slot] = 0;
    this.#live--;
    settleEndedWorker(this.#ended, slot, this.#undertaker);
  }

  #obey(): void {
    const commands = this.#parts.header.commands;
    if (commands === this.#commands) return;
    this.#commands++;
    if (this.#parts.control.receive()?.message.type === "drain" && this.#killAt === 0) this.#drain();
  }

  #drain(): void {
    this.#killAt = performance.now() + this.#parts.settings.drainTimeout + killDelay;
    for (const fd of this.#parts.listeners) native.close(fd);
    this.#signalAll(SIGTERM);
  }

  #killOverdue(): void {
    if (this.#killAt === 0 || performance.now() < this.#killAt) return;
    this.#signalAll(SIGKILL);
    this.#killAt = performance.now() + killDelay;
  }

  #signalAll(signal: number): void {
    for (const pid of this.#pids) if (pid > 0) native.kill(pid, signal);
  }

  #forkSpares(): "worker" | undefined {
    const { header, settings, control } = this.#parts;
    while (header.idle < settings.spareWorkers && this.#pause === 0) {
      const slot = this.#freeSlot();
      if (slot < 0) break;
      if (this.#fork(slot) === 0) return "worker";
      this.#reap();
    }
    if (!this.#isReady && this.#pause === 0) {
      this.#isReady = true;
      control.send({ type: "ready" });
    }
    return undefined;
  }

  /** Slots of workers that an earlier zygote left behind are taken until the supervisor has reaped those. */
  #freeSlot(): number {
    let slot = this.#pids.indexOf(0);
    while (slot >= 0 && !this.#parts.slots.isFree(slot)) slot = this.#pids.indexOf(0, slot + 1);
    return slot;
  }

  #fork(slot: number): number {
    const { slots, generation, pipeLog } = this.#parts;
    slots.take(slot, generation);
    const pid = native.fork(slot, generation, ++this.#forks);
    if (pid === 0) return 0;
    if (pid < 0) this.#onForkFailed(slot, pid);
    else {
      this.#pids[slot] = pid;
      this.#live++;
      if (this.#forkTrouble.succeed()) pipeLog.log.info("forking again", { generation });
    }
    return pid;
  }

  #onForkFailed(slot: number, errno: number): void {
    const { slots, pipeLog } = this.#parts;
    slots.free(slot);
    if (this.#forkTrouble.fail()) {
      pipeLog.log.error(`fork failed: ${describeErrno(errno)}; trying again, with pauses of up to 1s`);
    }
  }

  /** How long to wait for the bell, in ms; below 0: for ever. */
  #patience(): number {
    if (this.#killAt > 0) return Math.max(1, this.#killAt - performance.now());
    return this.#pause > 0 ? this.#pause : -1;
  }

  get #pause(): number {
    return Math.max(this.#forkTrouble.remaining, this.#startTrouble.remaining);
  }
}
