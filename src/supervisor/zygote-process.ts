import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatDuration, longestTimeout } from "../config/duration.ts";
import { encode, type FromZygote, type ToZygote } from "../control/messages.ts";
import type { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import type { StartPhase } from "./failure.ts";
import type { Plan } from "./plan.ts";
import { tunedEnvironment, untunedVariables } from "../zygote/environment.ts";
import { loaderFlags } from "../loader/load-module.ts";

const zygoteProgram = fileURLToPath(new URL("../zygote/main.js", import.meta.url));

/** Flags of a Node that is to be forked, again and again. */
const forkableFlags = [
  // V8 must not hand work to threads that its children lack; Node 26 needs the second.
  "--single-threaded",
  "--single-threaded-gc",
  "--v8-pool-size=1",
  // The garbage of loading is collected before the first fork.
  "--expose-gc-as=collectGarbageForFork",
  // The timer by which V8 collects garbage in quiet moments falls due in the zygote, whose event loop does not run, and
  // would then go off in each child.
  "--no-memory-reducer",
  // What is not compiled before there are children, or is forgotten again, each of them would have to compile.
  "--no-lazy",
  "--no-flush-bytecode",
];

/** For a zygote to say itself that its worker on trial took too long. */
const trialGrace = 5000;

export interface ZygoteEvents {
  readonly onMessage: (message: FromZygote) => void;
  /** `exit 1`, `SIGSEGV`, or why it was killed. */
  readonly onExit: (manner: string) => void;
}

/** Huge pages for the program text: its page tables need not be filled by each child anew. Node 26 gave them up. */
const largePagesFlags = Number.parseInt(process.versions.node, 10) < 26 ? ["--use-largepages=on"] : [];

/** A zygote, as its supervisor sees it. */
export class ZygoteProcess {
  readonly generation: number;
  /** What it was told to serve with. */
  plan: Plan | undefined;
  /** Whether it has done all that comes before the first fork. */
  isPrepared = false;
  /** Whether it was told to leave its workers to the supervisor. */
  isRetired = false;
  /** Why it is about to end, or has ended. */
  error: ForkdError | undefined;
  /** How long it, or a worker of its, may take to get ready, in ms. */
  #startTimeout = 0;
  #reasonOfKill: string | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #process: ChildProcess;
  readonly #control: Socket;
  readonly #controlFd: number;

  constructor(modulePath: string, generation: number, logFd: number, events: ZygoteEvents) {
    const [here, there] = succeeded("Making a pair of sockets", native.socketPair());
    this.generation = generation;
    this.#controlFd = here;
    try {
      this.#process = spawnZygote(modulePath, logFd, there);
    } catch (error) {
      native.close(here); // Node throws some errors of the system's, and tells others by an event
      throw error;
    } finally {
      native.close(there);
    }
    this.#control = new Socket({ fd: here });
    this.#control.on("error", () => undefined); // its end is heard of by `exit`
    createInterface({ input: this.#control })
      .on("line", (line) => events.onMessage(JSON.parse(line) as FromZygote))
      .on("error", () => undefined); // readline passes on what the socket has said
    const end = (manner: string): void => {
      clearTimeout(this.#deadline);
      this.#control.destroy();
      events.onExit(this.#reasonOfKill ?? manner);
    };
    this.#process.on("error", ({ message }) => end(message));
    this.#process.on("exit", (status, signal) => afterLastWords(() => end(signal ?? `exit ${status}`)));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get phase(): StartPhase {
    if (this.isPrepared) return "forking";
    return this.plan === undefined ? "loading" : "preparing";
  }

  send(message: ToZygote, descriptors: readonly number[] = []): void {
    if (this.#control.destroyed) return; // it has ended, and the number of the descriptor may be another's
    native.sendDescriptors(this.#controlFd, encode(message), descriptors);
  }

  /** From now on so many ms are left to it, from whatever it has done to being ready. */
  expectReady(startTimeout: number): void {
    this.#startTimeout = startTimeout;
    this.killAfter(startTimeout, this.#lateness);
  }

  /** It tries a worker, and finds out itself if that takes too long: it has so much longer, for two workers. */
  expectTrial(): void {
    this.killAfter(Math.min(2 * this.#startTimeout + trialGrace, longestTimeout), this.#lateness);
  }

  get #lateness(): string {
    return `hung: it was not ready within startTimeout (${formatDuration(this.#startTimeout)})`;
  }

  /** Kills it, for `reason`, after `ms`, unless it is spared or given another deadline before. */
  killAfter(ms: number, reason: string): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.kill(reason), ms).unref();
  }

  /** It has kept its deadline. */
  spare(): void {
    clearTimeout(this.#deadline);
  }

  kill(reason?: string): void {
    this.#reasonOfKill ??= reason;
    this.#process.kill("SIGKILL");
  }
}

/** Node may have heard of an exit before it has read what was said before: the next turn of the event loop reads that. */
const afterLastWords = (act: () => void): void => void setImmediate(() => setImmediate(act));

function spawnZygote(modulePath: string, logFd: number, controlFd: number): ChildProcess {
  const flags = [...forkableFlags, ...largePagesFlags, ...loaderFlags(process.versions.node)];
  return spawn(process.execPath, [...flags, zygoteProgram, ...programArguments(modulePath)], {
    detached: true, // a session of its own: Ctrl-C in a terminal reaches the supervisor alone
    stdio: ["ignore", logFd, logFd, controlFd],
    env: tunedEnvironment(process.env),
  });
}

const programArguments = (modulePath: string): string[] => [
  modulePath,
  String(process.pid),
  untunedVariables(process.env),
];
