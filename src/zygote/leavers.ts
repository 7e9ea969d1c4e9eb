import { native } from "../native.ts";
import type { EndedWorker } from "../scoreboard/ended-worker.ts";
import type { Header } from "../scoreboard/header.ts";
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
  #count = 0;
  #heard = 0;
  #sweptAt = -Infinity;
  #isSweeping = false;

  constructor(header: Header, registry: Registry) {
    this.#header = header;
    this.#registry = registry;
    this.#pids = new Int32Array(header.leaversKept);
    this.#heard = header.leaving;
  }

  /** To be called before children are looked for: who has said since that it leaves? */
  hear(): void {
    this.#isSweeping = this.#untilSweep <= 0;
    if (this.#isSweeping) this.#sweptAt = native.now();
    const { leaving, leaversKept } = this.#header;
    let unheard = Math.min((leaving - this.#heard) >>> 0, leaversKept - this.#count); // of more, those are found who are left over
    for (; unheard > 0; unheard--) this.#pids[this.#count++] = this.#header.leaver((leaving - unheard) >>> 0);
    this.#heard = leaving;
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
    return this.#sweptAt + sweepInterval - native.now();
  }

  #findLeaver(ended: EndedWorker): boolean {
    for (let index = 0; index < this.#count; index++) {
      const pid = this.#pids[index] as number;
      const hasEnded = native.ended(pid, ended.words) > 0;
      if (!hasEnded && this.#registry.find(pid) >= 0) continue; // it is about to
      this.#count--;
      this.#pids[index] = this.#pids[this.#count] as number;
      if (hasEnded) return true;
      index--;
    }
    return false;
  }
}
