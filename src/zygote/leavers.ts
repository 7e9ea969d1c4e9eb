import { native } from "../native.ts";
import type { EndedWorker } from "../scoreboard/ended-worker.ts";
import type { Header } from "../scoreboard/header.ts";
import { now } from "../scoreboard/clock.ts";
import type { Registry } from "../scoreboard/registry.ts";

/** How long those may have to wait who could not say that they leave, if others keep the zygote busy; in ms. */
const sweepInterval = 100;

/**
 * Finds children that have ended.
 *
 * waitid(2) looks at all children to find one that has ended, and there may be thousands. So workers say when they leave, and those
 * are looked at; all others, who were killed or have crashed, now and then.
 */
export class Leavers {
  readonly #header: Header;
  readonly #registry: Registry;
  readonly #pids: Int32Array;
  readonly #generation: number;
  #count = 0;
  /** Which of them is looked at next. */
  #next = 0;
  #heard = 0;
  #sweptAt = -Infinity;
  #isSweeping = false;

  constructor(header: Header, registry: Registry, generation: number) {
    this.#generation = generation;
    this.#header = header;
    this.#registry = registry;
    this.#pids = new Int32Array(header.leaversKept);
    this.#heard = header.leaving;
  }

  /** To be called before children are looked for: who has said since that it leaves? */
  hear(): void {
    this.#isSweeping = this.#untilSweep <= 0;
    if (this.#isSweeping) this.#sweptAt = now();
    const { leaving, leaversKept } = this.#header;
    if (this.#isSweeping) this.#count = 0; // whoever takes long, or is named without reason, is found in a sweep
    let unheard = Math.min((leaving - this.#heard) >>> 0, leaversKept - this.#count);
    for (; unheard > 0; unheard--) this.#add(this.#header.leaver((leaving - unheard) >>> 0));
    this.#heard = leaving;
    this.#next = 0;
  }

  /** Any worker may have written the pid, or is just writing it. */
  #add(pid: number): void {
    const slot = pid > 0 ? this.#registry.find(pid) : -1;
    if (slot >= 0 && this.#registry.generation(slot) === this.#generation) this.#pids[this.#count++] = pid;
  }

  /** Whether a child has ended; `ended` then tells of it. */
  find(ended: EndedWorker): boolean {
    return this.#findLeaver(ended) || (this.#isSweeping && native.ended(-1, ended.words) > 0);
  }

  /** How long until all children are to be looked at, in ms; Infinity if they just have been. */
  get patience(): number {
    return this.#isSweeping ? Infinity : Math.max(1, this.#untilSweep);
  }

  get #untilSweep(): number {
    return this.#sweptAt + sweepInterval - now();
  }

  #findLeaver(ended: EndedWorker): boolean {
    for (; this.#next < this.#count; this.#next++) {
      if (native.ended(this.#pids[this.#next] as number, ended.words) <= 0) continue; // it is about to
      this.#pids[this.#next] = this.#pids[--this.#count] as number;
      return true;
    }
    return false;
  }
}
