import { childrenOf } from "../support/processes.ts";
import type { Ledger } from "./ledger.ts";
import type { SoakedDaemon } from "./soaked-daemon.ts";

/** Rarer than what makes forkd give up on a zygote. */
const betweenZygotes = 20_000;

/** Kills a random worker now and then, and the zygote. */
export class Killer {
  zygotes = 0;
  workers = 0;
  readonly #daemon: SoakedDaemon;
  readonly #ledger: Ledger;
  #lastZygoteAt = performance.now() - betweenZygotes / 2;

  constructor(daemon: SoakedDaemon, ledger: Ledger) {
    this.#daemon = daemon;
    this.#ledger = ledger;
  }

  /** After each connection. */
  onConnection(index: number): void {
    if (index % this.#daemon.terms.workerKilledEvery === 0) this.#killWorker();
    if (performance.now() - this.#lastZygoteAt >= betweenZygotes) this.#killZygote();
  }

  #killWorker(): void {
    const workers = childrenOf(this.#daemon.zygote ?? 0);
    const victim = workers[Math.floor(Math.random() * workers.length)];
    if (victim === undefined) return;
    this.#ledger.noteKill(victim);
    if (kill(victim)) this.workers++;
  }

  #killZygote(): void {
    const { zygote } = this.#daemon;
    if (zygote === undefined || !kill(zygote)) return;
    this.zygotes++;
    this.#lastZygoteAt = performance.now();
  }
}

/** Whether it was still there. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
