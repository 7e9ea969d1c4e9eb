import type { Drain } from "../admin/api.ts";
import type { AdminClient } from "../admin/client.ts";
import { patience } from "../admin/failure.ts";
import { watchHolder } from "../admin/holder-watch.ts";
import { waitFor } from "../admin/waiting.ts";
import type { ForkdError } from "../errors.ts";
import { Progress } from "./progress.ts";
import { count, duration } from "./words.ts";

/** What was seen of a drain, and by the clock of `performance.now()`, until when it lasts. */
interface Seen extends Drain {
  readonly until: number;
}

interface StoppingParts {
  readonly now: boolean;
  /** Whether not to show what is waited for. */
  readonly isSilent: boolean;
}

/** A daemon's stop, as who has asked for it sees it. */
export class Stopping {
  readonly #client: AdminClient;
  readonly #parts: StoppingParts;
  readonly #progress: Progress;
  readonly #hasEnded: () => boolean;
  #last: Seen | undefined;
  /** By the clock of `performance.now()`: when the daemon got on, as far as is known. */
  #lastSign = performance.now();

  constructor(client: AdminClient, parts: StoppingParts) {
    this.#client = client;
    this.#parts = parts;
    this.#progress = new Progress(parts.isSilent);
    this.#hasEnded = watchHolder(client.folder.pidFile);
  }

  /**
   * Tells it to stop, and waits until it has.
   * @returns how many connections were there when time was up
   * @throws ForkdError `FORKD_E_HUNG`
   */
  async toEnd(): Promise<number> {
    try {
      await this.#until(() => this.#tell());
      process.once("SIGINT", this.#leave);
      await this.#until(() => this.#look());
    } finally {
      process.off("SIGINT", this.#leave);
      this.#progress.end();
    }
    return this.#last === undefined || performance.now() < this.#last.until ? 0 : this.#last.connections;
  }

  /** Who does not wait any longer does not end what he has begun. */
  readonly #leave = (): void => {
    const { name } = this.#client;
    this.#progress.end();
    process.stderr.write(
      `forkd: The daemon ${name} goes on stopping: "forkd stop ${name} --now" does not wait for it.\n`,
    );
    process.kill(process.pid, "SIGINT");
  };

  /** Until the daemon has ended, or `act` has done what it is to do. */
  async #until(act: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => {
      if (this.#hasEnded() || (await act())) return true;
      if (performance.now() > this.#lastSign + patience) throw this.#client.hung;
      return undefined;
    });
  }

  /** One that is not ready yet cannot be told. */
  async #tell(): Promise<boolean> {
    const status = await this.#client.stop(this.#parts.now).catch(undefinedIfDeaf);
    if (status === undefined) return false;
    this.#see(status.drain);
    return true;
  }

  /** It does not answer any more when it is about to be gone. */
  async #look(): Promise<boolean> {
    this.#show();
    const status = await this.#client.status().catch(undefinedIfDeaf);
    if (status !== undefined) this.#see(status.drain);
    return false;
  }

  #show(): void {
    if (this.#last === undefined) return;
    this.#progress.show(`${this.#client.name}: ${describeDrain(this.#last)}`, this.#last.connections > 0);
  }

  /** Whoever is killed is to be gone soon: that the daemon answers is a sign of life, and none that it gets on with that. */
  #see(drain: Drain | null): void {
    if (!this.#parts.now) this.#lastSign = performance.now();
    if (drain !== null) this.#last = followedBy(this.#last, { ...drain, until: performance.now() + drain.leftMs });
  }
}

function undefinedIfDeaf(error: ForkdError): undefined {
  if (error.code !== "FORKD_E_NOT_RUNNING") throw error;
}

/** Once time is up they become fewer because they are cut off. */
function followedBy(last: Seen | undefined, next: Seen): Seen {
  if (last === undefined || next.leftMs > 0) return next;
  return { ...last, leftMs: 0, until: Math.min(last.until, next.until) };
}

const describeDrain = ({ connections, oldestMs, leftMs }: Drain): string =>
  connections === 0
    ? "waiting for its processes to end"
    : `waiting for ${count(connections, "connection")}, the oldest ${duration(oldestMs)} old; ${duration(leftMs)} left`;
