import { constants } from "node:os";
import { isatty } from "node:tty";
import { formatAddress } from "../config/address.ts";
import { resolveOption, resolveSettings } from "../config/resolve-settings.ts";
import type { Sources } from "../config/settings.ts";
import { formatDuration, longestTimeout } from "../config/duration.ts";
import type { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { DaemonLog } from "./daemon-log.ts";
import { diedAtStart } from "./failure.ts";
import { lifecycle, type Action, type Event, type State } from "./lifecycle.ts";
import { children } from "./children.ts";
import { Crashes } from "./crashes.ts";
import type { Listeners } from "./listeners.ts";
import { openService, type Service } from "./service.ts";
import type { ZygoteProcess } from "./zygote-process.ts";
import { Zygotes } from "./zygotes.ts";

const { SIGKILL } = constants.signals;

/** Zygote and workers see to it that a drain ends within `drainTimeout`; if they do not, so much later it is ended. */
const overdueDelay = 3000;
/** For the last records, of workers that are dead already. */
const logPatience = 500;

export interface SupervisorParts {
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  /** The sockets that it was started with, instead of those that `listen` names. */
  readonly passed: Listeners | undefined;
  /** The state changes, and what is to be done about it is about to be done. */
  readonly onState: (state: State) => void;
  readonly onReady: (service: Service) => void;
}

/** Does what the lifecycle says. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #log = new DaemonLog();
  readonly #crashes = new Crashes();
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #zygotes: Zygotes;
  #state: State = "starting";
  #service: Service | undefined;
  #error: ForkdError | undefined;
  #status = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.#zygotes = new Zygotes({
      modulePath: parts.modulePath,
      logFd: this.#log.writeEnd,
      startTimeout: resolveOption("startTimeout", this.#sources({})),
      onLoaded: (zygote, options) => this.#onLoaded(zygote, options),
      onEvent: (event) => this.handle(event),
      onFailed: (zygote, error) => this.#onFailed(zygote, error),
      onUnforkable: (reason) => this.#onUnforkable(reason),
      onWorkerCrashed: (generation) => this.#service?.rotation.workerCrashed(generation),
      onSpawnFailed: (error) => this.#onSpawnFailed(error),
      onCurrentEnd: (zygote, manner) => this.#onZygoteEnd(zygote, manner),
      onNextEnd: (zygote, manner) => this.#onNextEnd(zygote, manner),
      onReplacedEnd: () => this.sweep(),
    });
  }

  /** @throws ForkdError that which kept the daemon from starting */
  async run(): Promise<number> {
    this.#spawn();
    await this.#ended;
    await this.#log.close(logPatience);
    if (this.#error !== undefined) throw this.#error;
    return this.#status;
  }

  handle(event: Event): void {
    const transition = lifecycle[this.#state][event];
    if (transition === undefined) return;
    this.#service?.logger.debug({ event, from: this.#state, to: transition.to }, `${event}: ${transition.to}`);
    if (transition.to !== this.#state) this.#parts.onState(transition.to);
    this.#state = transition.to;
    if (transition.action !== undefined) this.#do(transition.action);
  }

  /** A child may have ended: workers that were adopted are buried here. */
  sweep(): void {
    const { pids } = this.#zygotes;
    this.#service?.orphans.reap(pids);
    const isEmpty = pids.length === 0 && (this.#service?.orphans.areGone ?? true);
    if (isEmpty) this.handle("empty");
  }

  #do(action: Action): void {
    const actions: Readonly<Record<Action, () => void>> = {
      startOver: () => this.#zygotes.startOver(),
      letFork: () => this.#letFork(),
      announce: () => this.#announce(),
      respawn: () => this.#respawn(),
      spawnNext: () => this.#spawnNext(),
      retire: () => this.#retire(),
      promote: () => this.#zygotes.promote(),
      retireIdle: () => this.#retireIdle(),
      giveUp: () => this.#giveUp(),
      drain: () => this.#drain(),
      drainOrphans: () => this.#service?.orphans.drain(),
      kill: () => this.#kill(),
      finish: () => this.#finish(),
    };
    actions[action]();
  }

  async #onLoaded(zygote: ZygoteProcess, options: Sources["module"]): Promise<void> {
    try {
      this.#service ??= await this.#openService(options);
      if (this.#state === "stopped") return this.#service.listeners.close();
      const { settings, engine, descriptors } = this.#service;
      this.#zygotes.expectReady(zygote, settings.startTimeout);
      const trial = zygote !== this.#zygotes.current; // another one forks
      zygote.send({ type: "serve", settings, generation: zygote.generation, engine, trial }, descriptors);
    } catch (error) {
      this.#onFailed(zygote, error as ForkdError);
    }
  }

  async #openService(options: Sources["module"]): Promise<Service> {
    const { settings } = resolveSettings(this.#sources(options));
    const logger = await this.#log.configure(settings);
    const service = openService(settings, this.#parts.passed, logger, this.#log.ofWorkers, {
      onHung: () =>
        this.#zygotes.current?.kill(`hung: no sign of life for ${formatDuration(settings.heartbeatTimeout)}`),
      onDue: (generation) => {
        if (this.#zygotes.current?.generation === generation) this.handle("rotate");
      },
    });
    this.#log.takeDropped = () => service.header.takeDroppedRecords();
    return service;
  }

  #sources(module: Sources["module"]): Sources {
    const { modulePath, flags } = this.#parts;
    return { flags, variables: process.env, module, modulePath, stderrIsTerminal: isatty(2) };
  }

  #onFailed(zygote: ZygoteProcess, error: Error): void {
    if (this.#state === "starting") this.#error = error as ForkdError;
    else this.#service?.logger.error({ err: error, generation: zygote.generation }, "the zygote failed");
    this.handle("failed");
  }

  #onUnforkable(reason: string): void {
    if (this.#service === undefined) return;
    this.#service.logger.warn({ reason }, `fork(2) does not work here: ${reason}; workers are spawned instead`);
    this.#service.engine = "spawn";
    this.handle("unforkable");
  }

  #onSpawnFailed(error: ForkdError): void {
    if (this.#state === "starting") this.#error = error;
    else
      this.#service?.logger.error(`no zygote could be started: ${error.message} Trying again, with pauses of up to 5s`);
    this.handle(this.#state === "rotating" ? "nextLost" : "lost");
    this.sweep();
  }

  #onNextEnd({ generation }: ZygoteProcess, manner: string): void {
    if (isInService(this.#state)) this.#logNextEnd(generation, manner);
    this.handle("nextLost");
    this.#service?.rotation.resume(); // its reason is still there
    this.sweep();
  }

  #logNextEnd(generation: number, manner: string): void {
    const message = `the next zygote ended: ${manner}; the old one goes on`;
    this.#service?.logger.error({ generation, reason: manner }, message);
  }

  #onZygoteEnd(zygote: ZygoteProcess, manner: string): void {
    this.#service?.heartbeat.stop();
    if (this.#state === "starting") this.#error ??= diedAtStart(this.#parts.modulePath, manner);
    const isAsWanted = zygote.isRetired && manner === "exit 0";
    if (isInService(this.#state) && !isAsWanted) this.#logEnd(zygote, manner);
    const hasCrashed = isInService(this.#state) && !zygote.isRetired;
    this.handle(hasCrashed && this.#isOneTooMany() ? "hopeless" : "lost");
    this.sweep();
    const zygotes = (): readonly number[] => this.#zygotes.pids;
    this.#service?.orphans.inheritFrom(zygote.generation, zygotes, () => this.sweep());
  }

  #logEnd({ generation }: ZygoteProcess, manner: string): void {
    this.#service?.logger.error({ generation, reason: manner }, `zygote ended: ${manner}`);
  }

  #isOneTooMany(): boolean {
    const { settings } = this.#service as Service;
    const limit = { maxCrashes: settings["restart.maxCrashes"], within: settings["restart.within"] };
    return this.#crashes.record(performance.now(), limit);
  }

  #letFork(): void {
    const { orders, heartbeat } = this.#service as Service;
    orders.forgetCommands();
    this.#zygotes.current?.send({ type: "fork" });
    heartbeat.start();
  }

  #announce(): void {
    const { listeners, logger, settings, rotation } = this.#service as Service;
    const addresses = listeners.addresses.map(formatAddress);
    // Heard at every level: it is what a caller waits for.
    const announcer = logger.child({}, { level: "info" });
    announcer.info({ name: settings.name, addresses }, `listening on ${addresses.join(", ")}`);
    this.#parts.onReady(this.#service as Service);
    rotation.resume();
  }

  #respawn(): void {
    setTimeout(() => {
      if (this.#state === "restarting") this.#spawn();
    }, this.#crashes.nextDelay(performance.now()));
  }

  #spawn(): void {
    this.#crashes.zygoteStarted(performance.now());
    this.#zygotes.spawn();
  }

  #spawnNext(): void {
    const { rotation, logger } = this.#service as Service;
    logger.info("replacing the zygote, of which a worker has crashed");
    rotation.rotated();
    this.#zygotes.spawnNext();
  }

  /** Nobody forks then until the next one does; the idle workers serve meanwhile. */
  #retire(): void {
    this.#zygotes.retire();
    this.#service?.orders.announceCommand();
  }

  /** Idle workers of earlier zygotes have filled in until now. */
  #retireIdle(): void {
    const generation = this.#zygotes.current?.generation ?? 0;
    this.#service?.logger.info({ generation }, "a new zygote has taken over");
    this.#service?.orphans.retireIdle(generation);
    this.#service?.rotation.resume();
  }

  #giveUp(): void {
    const { logger, settings } = this.#service as Service;
    const within = formatDuration(settings["restart.within"]);
    logger.error(
      `giving up: the zygote has crashed ${settings["restart.maxCrashes"]} times within ${within} ` +
        "(restart.maxCrashes, restart.within); mend what crashes it, or allow more",
    );
    this.#status = 1;
    this.#drain();
  }

  #drain(): void {
    const { listeners, orders, orphans, settings, logger } = this.#service as Service;
    logger.info("draining");
    listeners.close();
    this.#zygotes.killNext();
    this.#zygotes.current?.send({ type: "drain" });
    orders.announceCommand();
    orphans.drain(); // the zygote sees to its own
    setTimeout(() => this.handle("overdue"), Math.min(settings.drainTimeout + overdueDelay, longestTimeout)).unref();
    this.sweep();
  }

  /** The zygotes first: then their workers are children of this process, and no more are forked. */
  #kill(): void {
    this.#service?.listeners.close();
    this.#service?.orphans.expectKill();
    this.#zygotes.kill();
    if (this.#zygotes.current === undefined) for (const pid of children()) native.kill(pid, SIGKILL);
    this.sweep();
  }

  #finish(): void {
    if (this.#error === undefined) this.#service?.logger.info("stopped");
    this.#end();
  }
}

const isInService = (state: State): boolean =>
  state === "serving" || state === "rotating" || state === "handingOver" || state === "restarting";
