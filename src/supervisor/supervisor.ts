import { constants } from "node:os";
import { isatty } from "node:tty";
import { formatAddress, type ListenAddress } from "../config/address.ts";
import { resolveSettings } from "../config/resolve-settings.ts";
import type { Sources } from "../config/settings.ts";
import type { FromZygote } from "../control/messages.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { State as WorkerState } from "../scoreboard/states.ts";
import { DaemonLog } from "./daemon-log.ts";
import { reviveFailure } from "./failure.ts";
import { lifecycle, type Action, type Event, type State } from "./lifecycle.ts";
import { children } from "./orphans.ts";
import { RespawnDelay } from "./respawn-delay.ts";
import { openService, type Service } from "./service.ts";
import { ZygoteProcess } from "./zygote-process.ts";

const { SIGTERM, SIGKILL } = constants.signals;

/** Zygote and workers see to it that a drain ends within `drainTimeout`; if they do not, so much later it is ended. */
const overdueDelay = 3000;
/** A child that a dying zygote has just forked has written its pid down by then. */
const birthDelay = 100;
/** For the last records, of workers that are dead already. */
const logPatience = 500;

export interface SupervisorParts {
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  readonly onReady: (addresses: readonly ListenAddress[]) => void;
}

/** Does what the lifecycle says. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #log = new DaemonLog();
  readonly #respawnDelay = new RespawnDelay();
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #state: State = "starting";
  #generation = 0;
  #zygote: ZygoteProcess | undefined;
  #service: Service | undefined;
  #error: ForkdError | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** @throws ForkdError that which kept the daemon from starting */
  async run(): Promise<number> {
    this.#spawnZygote();
    await this.#ended;
    await this.#log.close(logPatience);
    if (this.#error !== undefined) throw this.#error;
    return 0;
  }

  handle(event: Event): void {
    const transition = lifecycle[this.#state][event];
    if (transition === undefined) return;
    this.#service?.logger.debug({ event, from: this.#state, to: transition.to }, `${event}: ${transition.to}`);
    this.#state = transition.to;
    if (transition.action !== undefined) this.#do(transition.action);
  }

  /** A child may have ended: workers that were adopted are buried here. */
  sweep(): void {
    this.#service?.orphans.reap(this.#zygote?.pid);
    if (this.#zygote === undefined && (this.#service?.orphans.areGone ?? true)) this.handle("empty");
  }

  #do(action: Action): void {
    const actions: Readonly<Record<Action, () => void>> = {
      announce: () => this.#announce(),
      respawn: () => this.#respawn(),
      retire: () => this.#retire(),
      drain: () => this.#drain(),
      drainOrphans: () => this.#drainOrphans(),
      kill: () => this.#kill(),
      finish: () => this.#finish(),
    };
    actions[action]();
  }

  #spawnZygote(): void {
    const generation = ++this.#generation;
    this.#respawnDelay.started(performance.now());
    this.#zygote = new ZygoteProcess(this.#parts.modulePath, generation, this.#log.writeEnd, {
      onMessage: (message) => void this.#onMessage(message),
      onExit: (status, signal) => this.#onZygoteExit(signal ?? `exit ${status}`),
    });
  }

  async #onMessage(message: FromZygote): Promise<void> {
    if (message.type === "ready") return this.handle("ready");
    if (message.type === "unforkable") return this.#onFailed(unforkable(message.reason));
    if (message.type === "failed") return this.#onFailed(reviveFailure(message.error));
    try {
      this.#service ??= await this.#openService(message.options);
      const { settings, descriptors, header } = this.#service;
      header.forgetCommands();
      const generation = this.#generation;
      this.#zygote?.send({ type: "serve", settings, generation }, descriptors);
    } catch (error) {
      this.#onFailed(error as ForkdError);
    }
  }

  async #openService(options: Readonly<Record<string, unknown>>): Promise<Service> {
    const { settings } = resolveSettings({
      flags: this.#parts.flags,
      variables: process.env,
      module: options,
      modulePath: this.#parts.modulePath,
      stderrIsTerminal: isatty(2),
    });
    const service = openService(settings, await this.#log.configure(settings), this.#log.ofWorkers);
    this.#log.takeDropped = () => service.header.takeDroppedRecords();
    return service;
  }

  #onFailed(error: Error): void {
    if (this.#state === "starting") this.#error = error as ForkdError;
    else this.#service?.logger.error({ err: error, generation: this.#generation }, "the zygote failed");
    this.handle("failed");
  }

  #onZygoteExit(manner: string): void {
    const generation = this.#generation;
    this.#zygote = undefined;
    if (this.#state === "starting") this.#error ??= diedAtStart(this.#parts.modulePath, manner);
    else if (this.#state === "serving" || this.#state === "restarting") {
      this.#service?.logger.error({ generation, reason: manner }, `zygote ended: ${manner}; starting another`);
    }
    this.handle("lost");
    setTimeout(() => {
      this.#service?.orphans.freeForsaken(generation);
      native.ringBell();
      this.sweep();
    }, birthDelay).unref();
    this.sweep();
  }

  #announce(): void {
    const { listeners, logger, settings } = this.#service as Service;
    const addresses = listeners.addresses.map(formatAddress);
    // Heard at every level: it is what a caller waits for.
    const announcer = logger.child({}, { level: "info" });
    announcer.info({ name: settings.name, addresses }, `listening on ${addresses.join(", ")}`);
    this.#parts.onReady(listeners.addresses);
  }

  #respawn(): void {
    setTimeout(() => {
      if (this.#state === "restarting") this.#spawnZygote();
    }, this.#respawnDelay.next(performance.now()));
  }

  /** Idle workers of earlier zygotes have filled in until now. */
  #retire(): void {
    const isIdle = (state: number): boolean => state === WorkerState.starting || state === WorkerState.idle;
    this.#service?.orphans.signal(SIGTERM, (state, generation) => isIdle(state) && generation < this.#generation);
  }

  #drain(): void {
    const { listeners, header, settings, logger } = this.#service as Service;
    logger.info("draining");
    listeners.close();
    this.#zygote?.send({ type: "drain" });
    header.announceCommand();
    this.#drainOrphans();
    setTimeout(() => this.handle("overdue"), settings.drainTimeout + overdueDelay).unref();
    this.sweep();
  }

  /** Those of earlier zygotes; the zygote that lives sees to its own. */
  #drainOrphans(): void {
    const oldest = this.#zygote === undefined ? Infinity : this.#generation;
    const isUntold = (state: number): boolean => state !== WorkerState.draining;
    this.#service?.orphans.signal(SIGTERM, (state, generation) => generation < oldest && isUntold(state));
  }

  /** The zygote first: then its workers are children of this process, and no more are forked. */
  #kill(): void {
    this.#service?.listeners.close();
    this.#zygote?.kill();
    if (this.#zygote === undefined) for (const pid of children()) native.kill(pid, SIGKILL);
    this.sweep();
  }

  #finish(): void {
    this.#service?.logger.info("stopped");
    this.#end();
  }
}

function unforkable(reason: string): ForkdError {
  return new ForkdError(
    "FORKD_E_UNFORKABLE",
    `fork(2) does not work here, with Node ${process.versions.node}: ${reason}. Have workers spawned instead: --engine spawn.`,
  );
}

function diedAtStart(modulePath: string, manner: string): ForkdError {
  if (manner.startsWith("exit")) {
    return new ForkdError(
      "FORKD_E_MODULE_FAILED",
      `${modulePath} ended its process while it loaded: ${manner}. It must neither call process.exit() nor await, at ` +
        "its top level, what never comes.",
    );
  }
  return new ForkdError(
    "FORKD_E_ZYGOTE",
    `The process that loads ${modulePath} was ended before it was ready: ${manner}. What it printed is above; if nobody ` +
      "killed it, something that the module loads crashed it.",
  );
}
