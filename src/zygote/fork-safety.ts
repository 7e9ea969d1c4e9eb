import { ForkdError } from "../errors.ts";
import { findDescriptorHazards } from "./descriptor-hazards.ts";
import { listDescriptors, type Descriptors } from "./descriptors.ts";
import { loopRunsEmpty } from "./event-loop.ts";
import { describeHazards } from "./hazards.ts";
import { threadAdvice } from "./resource-kinds.ts";
import { listThreads, type Threads } from "./threads.ts";
import { UserResources } from "./user-resources.ts";

/** For what ends by itself: a file that is being read, a socket or a thread that is being closed. */
const longestPatience = 2000;
const glance = 10;

/**
 * What user code leaves open is shared by all workers, or lost to them. Begun before any user code runs, this finds it:
 * what would keep a plain Node from ending, what descriptors there are more, and what threads.
 */
export class ForkSafety {
  readonly #descriptors: Descriptors = listDescriptors();
  readonly #threads: Threads = listThreads();
  readonly #resources = new UserResources();

  /**
   * Looks, once: afterwards nothing is watched any more. What is open of forkd's itself is `own`. There is time left of
   * `startTimeout` to tell what is found.
   * @returns all that is left, in lines for people; undefined if nothing is
   */
  async findHazards(own: readonly number[], startTimeout: number): Promise<string | undefined> {
    const patience = Math.min(longestPatience, startTimeout / 2);
    const until = performance.now() + patience;
    const loopIsEmpty = await loopRunsEmpty(patience);
    let left = this.#look(own);
    while (isAnythingLeft(left) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, glance));
      left = this.#look(own);
    }
    const resources = this.#resources.left;
    const active = loopIsEmpty ? undefined : process.getActiveResourcesInfo();
    this.#resources.forget();
    if (loopIsEmpty && !isAnythingLeft(left)) return undefined;
    return describeHazards({ ...left, resources, active });
  }

  /** Nobody is going to fork: nothing need be watched. */
  forget(): void {
    this.#resources.forget();
  }

  #look(own: readonly number[]) {
    const threads = [...listThreads()].filter(([id]) => !this.#threads.has(id)).map(([, name]) => name);
    return { descriptors: findDescriptorHazards(this.#descriptors, new Set(own)), threads };
  }
}

const isAnythingLeft = (left: { descriptors: readonly unknown[]; threads: readonly unknown[] }): boolean =>
  left.descriptors.length + left.threads.length > 0;

export const describeRunningThreads = (count: number): string =>
  `- ${count} ${count === 1 ? "thread that runs" : "threads that run"} and may hold a lock: ${threadAdvice}`;

export function unsafeFork(modulePath: string, hazards: string): ForkdError {
  return new ForkdError(
    "FORKD_E_UNSAFE_FORK",
    `${modulePath} leaves open what forked workers would share, or would lack: once it has loaded and beforeFork has run, ` +
      "nothing may be left that would keep Node running, nor a socket, a thread or the like. Follow the advice below, have " +
      `workers spawned with --engine spawn, or fork all the same with --allow-unsafe-fork.\n${hazards}`,
  );
}
