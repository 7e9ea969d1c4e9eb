import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { formatDuration, longestTimeout } from "../config/duration.ts";
import { encode, type FromZygote, type ToZygote } from "../control/messages.ts";
import type { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { stripAhead, type StrippingAhead } from "../loader/strip-ahead.ts";
import type { StartPhase } from "./failure.ts";
import type { Plan } from "./plan.ts";
import type { BootingZygote } from "./zygote-boot.ts";

/** For a zygote to say itself that its worker on trial took too long. */
const trialGrace = 5000;

export interface ZygoteEvents {
  readonly onMessage: (message: FromZygote) => void;
  /** `exit 1`, `SIGSEGV`, or why it was killed. */
  readonly onExit: (manner: string) => void;
}

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
  #stripper: ChildProcess | undefined;
  readonly #control: Socket;
  readonly #controlFd: number;

  constructor(booting: BootingZygote, modulePath: string, generation: number, events: ZygoteEvents) {
    const { process, controlFd, stripping = stripAhead(modulePath) } = booting;
    this.generation = generation;
    this.#process = process;
    this.#controlFd = controlFd;
    this.#control = new Socket({ fd: controlFd });
    this.#control.on("error", () => undefined); // its end is heard of by `exit`
    createInterface({ input: this.#control })
      .on("line", (line) => events.onMessage(JSON.parse(line) as FromZygote))
      .on("error", () => undefined); // readline passes on what the socket has said
    const end = (manner: string): void => {
      clearTimeout(this.#deadline);
      this.#control.destroy();
      events.onExit(this.#reasonOfKill ?? manner);
    };
    const onExit = (): void =>
      afterLastWords(() => this.#endStripping(() => end(process.signalCode ?? `exit ${process.exitCode}`)));
    process.on("error", ({ message }) => end(message));
    if (hasEnded(process)) onExit();
    else process.on("exit", onExit);
    this.#load(modulePath, stripping);
  }

  #load(modulePath: string, stripping: StrippingAhead | undefined): void {
    this.#stripper = stripping?.process;
    this.send({ type: "load", modulePath }, stripping === undefined ? [] : [stripping.output]);
    if (stripping !== undefined) native.close(stripping.output);
  }

  #endStripping(act: () => void): void {
    if (this.#stripper === undefined || hasEnded(this.#stripper)) return act();
    this.#stripper.on("exit", act);
    this.#stripper.kill("SIGKILL");
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Its own, and that of the process that strips its module of types. */
  get pids(): number[] {
    const stripper = this.#stripper === undefined || hasEnded(this.#stripper) ? undefined : this.#stripper.pid;
    return [this.pid, stripper].filter((pid) => pid !== undefined);
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

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** Node may have heard of an exit before it has read what was said before: the next turn of the event loop reads that. */
const afterLastWords = (act: () => void): void => void setImmediate(() => setImmediate(act));
