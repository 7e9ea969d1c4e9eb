import type { Sources } from "../config/settings.ts";
import { ForkdError } from "../errors.ts";
import { reviveFailure } from "../control/failure.ts";
import type { Event } from "./lifecycle.ts";
import { ZygoteProcess } from "./zygote-process.ts";

/** A zygote that is told to retire does so between two forks, which takes it a while on a machine that is overloaded. */
const retirePatience = 10_000;

export interface ZygotesParts {
  readonly modulePath: string;
  /** Where zygotes and workers write their records to. */
  readonly logFd: number;
  /** Of the last zygote that there has been. */
  readonly generation: number;
  /** How long a zygote may take until it is ready, in ms, before its settings are known. */
  readonly startTimeout: number;
  readonly onLoaded: (zygote: ZygoteProcess, options: Sources["module"]) => Promise<void>;
  readonly onEvent: (event: Event) => void;
  readonly onFailed: (zygote: ZygoteProcess, error: ForkdError) => void;
  readonly onUnforkable: (reason: string) => void;
  readonly onWorkerCrashed: (generation: number) => void;
  /** The system has no process, or no descriptor, for another zygote. */
  readonly onSpawnFailed: (error: ForkdError) => void;
  readonly onCurrentEnd: (zygote: ZygoteProcess, manner: string) => void;
  readonly onNextEnd: (zygote: ZygoteProcess, manner: string) => void;
  /** One has ended that was killed because another was to start over. */
  readonly onReplacedEnd: () => void;
}

/** The zygote that forks, and the one that gets ready beside it while there is to be another. */
export class Zygotes {
  readonly #parts: ZygotesParts;
  #generation: number;
  #current: ZygoteProcess | undefined;
  #next: ZygoteProcess | undefined;
  /** All whose end is not known yet, one that was killed to be replaced included. */
  readonly #living = new Set<ZygoteProcess>();

  constructor(parts: ZygotesParts) {
    this.#parts = parts;
    this.#generation = parts.generation;
  }

  /** The one that forks, or is to fork as soon as it is prepared. */
  get current(): ZygoteProcess | undefined {
    return this.#current;
  }

  /** Of the one that was started last. */
  get generation(): number {
    return this.#generation;
  }

  /** The one that gets ready beside it. */
  get next(): ZygoteProcess | undefined {
    return this.#next;
  }

  get pids(): number[] {
    return [...this.#living].map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  /** Starts one, which is to fork. */
  spawn(): void {
    this.#try(() => (this.#current = this.#spawn()));
  }

  /** Starts another instead of the current one, whose end is of no interest any more. */
  startOver(): void {
    this.#current?.kill();
    this.spawn();
  }

  /** Starts one that is to get ready beside the current one. */
  spawnNext(): void {
    this.#try(() => (this.#next = this.#spawn()));
  }

  /** Has the current one leave its workers to the supervisor, and end. The caller sees to it that it looks. */
  retire(): void {
    if (this.#current === undefined) return;
    this.#current.isRetired = true;
    this.#current.send({ type: "retire" });
    this.#current.killAfter(retirePatience, "it did not retire");
  }

  /** The next one takes the place of the current one, which has ended. */
  promote(): void {
    this.#current = this.#next;
    this.#next = undefined;
    if (this.#current?.isPrepared) this.#parts.onEvent("prepared");
  }

  killNext(): void {
    this.#next?.kill();
  }

  kill(): void {
    for (const zygote of this.#living) zygote.kill();
  }

  #spawn(): ZygoteProcess {
    const { modulePath, logFd, startTimeout, onLoaded, onEvent, onFailed, onUnforkable, onWorkerCrashed } = this.#parts;
    const zygote = new ZygoteProcess(modulePath, ++this.#generation, logFd, {
      onMessage: (message) => {
        switch (message.type) {
          case "loaded":
            return void onLoaded(zygote, message.options);
          case "unforkable":
            return onUnforkable(message.reason);
          case "trying":
            return zygote.expectTrial();
          case "prepared":
            if (zygote.error !== undefined) return; // it is being killed
            zygote.isPrepared = true;
            return onEvent(zygote === this.#next ? "nextPrepared" : "prepared");
          case "ready":
            zygote.spare();
            return onEvent("ready");
          case "crashed":
            return onWorkerCrashed(zygote.generation);
          case "failed":
            return onFailed(zygote, reviveFailure(message.error));
        }
      },
      onExit: (manner) => this.#onExit(zygote, manner),
    });
    this.#living.add(zygote);
    zygote.expectReady(startTimeout);
    return zygote;
  }

  #try(spawn: () => void): void {
    try {
      spawn();
    } catch (error) {
      this.#parts.onSpawnFailed(error as ForkdError);
    }
  }

  #onExit(zygote: ZygoteProcess, manner: string): void {
    this.#living.delete(zygote);
    const isNext = zygote === this.#next;
    const isCurrent = zygote === this.#current;
    if (isNext) this.#next = undefined;
    if (isCurrent) this.#current = undefined;
    if (zygote.pid === undefined) this.#parts.onSpawnFailed(notStarted(manner));
    else if (isNext) this.#parts.onNextEnd(zygote, manner);
    else if (isCurrent) this.#parts.onCurrentEnd(zygote, manner);
    else this.#parts.onReplacedEnd();
  }
}

const notStarted = (reason: string): ForkdError =>
  new ForkdError("FORKD_E_SYSTEM", `Starting the zygote failed: ${reason}.`);
