import { formatDuration } from "../config/duration.ts";
import type { Sources } from "../config/settings.ts";
import type { ForkdError } from "../errors.ts";
import { Actions } from "./actions.ts";
import { become } from "./becoming.ts";
import { Crashes } from "./crashes.ts";
import { DaemonLog } from "./daemon-log.ts";
import { diedAtStart, notRestarted, stopping } from "./failure.ts";
import { takeFirstZygote } from "./first-zygote.ts";
import { handoverOf, type HandedDaemon, type HandedInstance } from "./handover.ts";
import { isInService, lifecycle, type Event, type State } from "./lifecycle.ts";
import { News } from "./news.ts";
import { Planner, type Plan } from "./plan.ts";
import { Presence } from "./presence.ts";
import { reportOn } from "./report.ts";
import { Reloads } from "./reloads.ts";
import { Service, type ServiceParts } from "./service.ts";
import type { ReadyService } from "./service-manager.ts";
import { Succession } from "./succession.ts";
import type { ZygoteProcess } from "./zygote-process.ts";
import { Zygotes } from "./zygotes.ts";

export interface SupervisorParts {
  readonly planner: Planner;
  /** Where daemons have their folders. */
  readonly runtimeBase: string;
  /** What this process was called before it became this program, and what it was doing. */
  readonly instance: HandedInstance | undefined;
  readonly handed: HandedDaemon | undefined;
  /** What becomes the log file, if there is one, once the daemon is ready. */
  readonly logDescriptors: readonly number[];
  /** The state changes, and what is to be done about it is about to be done. */
  readonly onState: (state: State) => void;
  readonly onReady: (service: ReadyService) => void;
  /** Another generation gets ready; and it serves, or the old one goes on. */
  readonly onReload: (phase: "begins" | "ends", addresses: readonly string[]) => void;
}

/** Does what the lifecycle says. */
export class Supervisor {
  readonly log: DaemonLog;
  readonly parts: SupervisorParts;
  readonly news = new News(() => this.log.logger);
  readonly crashes = new Crashes();
  readonly reloads = new Reloads();
  readonly succession = new Succession(this);
  readonly zygotes: Zygotes;
  readonly presence: Presence;
  readonly #actions = new Actions(this);
  state: State = "starting";
  /** What there is once the module is loaded. */
  service: Service | undefined;
  /** What keeps the daemon from starting. */
  error: ForkdError | undefined;
  /** Whether it was another program that the workers there are have begun under. */
  isResuming = false;
  /** What the daemon exits with when it has stopped. */
  status = 0;
  /** By the clock of `performance.now()`; when a drain ends, whoever is left. */
  drainsUntil = 0;
  readonly #ended: Promise<void>;
  /** All is over. */
  end: () => void = () => undefined;

  constructor(parts: SupervisorParts) {
    const { handed, planner } = parts;
    const startTimeout = planner.optionBeforehand("startTimeout");
    const first = handed === undefined ? takeFirstZygote() : undefined;
    this.parts = parts;
    this.log = new DaemonLog(handed ?? first);
    this.presence = new Presence(this, parts.runtimeBase, planner.module, parts.instance);
    this.#ended = new Promise((resolve) => (this.end = resolve));
    this.zygotes = new Zygotes({
      modulePath: planner.parts.modulePath,
      logFd: this.log.pipe[1],
      first: first?.zygote,
      generation: handed?.generation ?? 0,
      startTimeout,
      onLoaded: (zygote, options) => this.#onLoaded(zygote, options),
      onEvent: (event) => this.handle(event),
      onFailed: (zygote, error) => this.#onFailed(zygote, error),
      onUnforkable: (reason) => this.#onUnforkable(reason),
      onWorkerCrashed: (generation) => this.service?.rotation.workerCrashed(generation),
      onSpawnFailed: (error) => this.#onSpawnFailed(error),
      onCurrentEnd: (zygote, manner) => this.#onZygoteEnd(zygote, manner),
      onNextEnd: (zygote, manner) => this.#onNextEnd(zygote, manner),
      onReplacedEnd: () => this.sweep(),
    });
    if (handed !== undefined) this.#resume(handed);
  }

  /** Nobody forks, as after the zygote's death; its next one is to serve with all as it is now, as at a reload. */
  #resume(handed: HandedDaemon): void {
    this.state = "restarting";
    this.isResuming = true;
    this.succession.count = handed.upgrades + 1;
    this.crashes.count = handed.restarts;
    this.service = Service.resume(handed, this.#serviceParts);
    this.reloads.begin(handed.generation + 1);
  }

  /** @throws ForkdError that which kept the daemon from starting */
  async run(): Promise<number> {
    this.presence.begin(() => this.parts.planner.optionBeforehand("name"));
    this.spawn();
    await this.#ended;
    this.succession.end();
    await this.log.close(() => this.#sayLast());
    this.service?.close();
    this.error ??= this.#startAgain();
    await this.presence.end();
    if (this.error !== undefined) throw this.error;
    return this.status;
  }

  /** Returns only if it is not to be, or fails. */
  #startAgain(): ForkdError | undefined {
    const { restartsAs } = this.succession;
    if (restartsAs === undefined) return undefined;
    this.presence.instance?.renew(); // the name stays taken
    return notRestarted(become(restartsAs, handoverOf(this), process.env));
  }

  #sayLast(): void {
    if (this.error === undefined) this.news.stopped();
  }

  /**
   * Has the module and the options as they are now serve, and those that served until now drain.
   * @returns the generation that serves
   * @throws ForkdError why it does not; the old one goes on then
   */
  reload(): Promise<number> {
    const reload = this.reloads.request();
    if (this.state !== "starting" && !isInService(this.state)) this.reloads.refuse(stopping());
    this.beginReload();
    return reload;
  }

  /** Ends the daemon, after its connections or at once. What was to be a restart is one no more, and drains on. */
  stop(now: boolean): void {
    const wasRestart = this.succession.restartsAs !== undefined;
    this.succession.restartsAs = undefined;
    if (wasRestart) this.parts.onState(this.state);
    if (now || !wasRestart || this.state !== "draining") this.handle(now ? "stop" : "drain");
  }

  /** Says in the log what the daemon does, and with what settings. */
  report(): void {
    if (this.service !== undefined) this.news.report(reportOn(this, this.service));
  }

  handle(event: Event): void {
    const transition = lifecycle[this.state][event];
    if (transition === undefined) return;
    this.news.transition(event, this.state, transition.to);
    if (transition.to !== this.state) this.parts.onState(transition.to);
    this.state = transition.to;
    if (transition.action !== undefined) this.#actions[transition.action]();
    this.beginReload();
  }

  /** A child may have ended: workers that were adopted are buried here. */
  sweep(): void {
    const { pids } = this.zygotes;
    this.service?.orphans.reap([...pids, ...this.succession.pids]);
    const isEmpty = pids.length === 0 && (this.service?.orphans.areGone ?? true);
    if (isEmpty) this.handle("empty");
  }

  async #onLoaded(zygote: ZygoteProcess, options: Sources["module"]): Promise<void> {
    try {
      this.service ??= await this.#openService(options);
      const { planner } = this.parts;
      const plan = this.reloads.isBy(zygote) ? planner.next(options, this.service.plan) : this.service.plan;
      if (this.state !== "stopped") return this.#commission(zygote, plan);
      this.service.close();
      await this.presence.end();
    } catch (error) {
      this.#onFailed(zygote, error as ForkdError);
      zygote.kill(); // it waits for its commission
    }
  }

  async #openService(module: Sources["module"]): Promise<Service> {
    const resolved = this.parts.planner.resolve(module);
    await this.presence.settle(resolved.settings.name);
    const service = await Service.open(resolved, this.#serviceParts);
    this.news.processesUnheld(service.settings);
    return service;
  }

  get #serviceParts(): ServiceParts {
    return {
      planner: this.parts.planner,
      log: this.log,
      onHung: (timeout) => this.zygotes.current?.kill(`hung: no sign of life for ${formatDuration(timeout)}`),
      onDue: (generation) => {
        if (this.zygotes.current?.generation === generation) this.handle("rotate");
      },
    };
  }

  #commission(zygote: ZygoteProcess, plan: Plan): void {
    const service = this.service as Service;
    const { settings } = plan;
    const { generation } = zygote;
    zygote.plan = plan;
    zygote.expectReady(settings.startTimeout);
    const engine = service.engineFor(plan);
    const isUntried = generation === 1 || this.isResuming; // by this program
    const trial = this.state !== "restarting"; // then nobody forks, and it is waited for
    const message = { type: "serve", settings, generation, engine, isUntried, trial } as const;
    zygote.send(message, service.descriptorsFor(plan));
  }

  /** It is about to end. */
  #onFailed(zygote: ZygoteProcess, error: ForkdError): void {
    zygote.error = error;
    if (this.state === "starting") this.error = error;
    else if (this.isResuming || !this.reloads.isBy(zygote)) this.news.zygoteFailed(zygote, error);
    this.handle("failed");
  }

  #onUnforkable(reason: string): void {
    if (this.service === undefined) return;
    this.news.unforkable(reason);
    this.service.isUnforkable = true;
    this.handle("unforkable");
  }

  #onSpawnFailed(error: ForkdError): void {
    if (this.state === "starting") this.error = error;
    else if (this.reloads.isAwaited && !this.isResuming) this.#failReload(error);
    else this.news.noZygote(error);
    this.handle(this.state === "renewing" ? "nextLost" : "lost");
    this.sweep();
  }

  #onNextEnd(zygote: ZygoteProcess, manner: string): void {
    const service = this.service as Service;
    service.discard(zygote.plan);
    if (this.#hasFailedReload(zygote)) this.#failReload(this.#reasonOf(zygote, manner));
    else if (isInService(this.state)) this.news.nextZygoteEnded(zygote, manner);
    this.handle("nextLost");
    service.rotation.resume(); // its reason is still there
    this.sweep();
  }

  #onZygoteEnd(zygote: ZygoteProcess, manner: string): void {
    this.service?.heartbeat.stop();
    this.service?.discard(zygote.plan);
    if (this.state === "starting") this.error ??= this.#reasonOf(zygote, manner);
    if (this.#hasFailedReload(zygote)) this.#failReload(this.#reasonOf(zygote, manner));
    const isAsWanted = zygote.isRetired && manner === "exit 0";
    if (isInService(this.state) && !isAsWanted) this.news.zygoteEnded(zygote, manner);
    const hasCrashed = isInService(this.state) && !zygote.isRetired;
    this.handle(hasCrashed && this.#isOneTooMany() ? "hopeless" : "lost");
    this.sweep();
    const zygotes = (): readonly number[] => this.zygotes.pids;
    this.service?.orphans.inheritFrom(zygote.generation, zygotes, () => this.sweep());
  }

  #isOneTooMany(): boolean {
    const { settings } = this.service as Service;
    return this.crashes.record(performance.now(), settings);
  }

  spawn(): void {
    this.crashes.zygoteStarted(performance.now());
    this.zygotes.spawn();
  }

  beginReload(): void {
    if (this.state !== "serving" || !this.reloads.isDue) return;
    this.reloads.begin(this.zygotes.generation + 1);
    this.handle("reload");
  }

  /** Once one is prepared the old one retires, and there is no way back: whoever dies then is replaced by who tries again. */
  #hasFailedReload(zygote: ZygoteProcess): boolean {
    return this.reloads.isBy(zygote) && !zygote.isPrepared && !this.isResuming;
  }

  #reasonOf({ error, phase }: ZygoteProcess, manner: string): ForkdError {
    return error ?? diedAtStart(this.parts.planner.parts.modulePath, manner, phase);
  }

  #failReload(error: ForkdError): void {
    this.news.reloadFailed(error);
    this.reloads.fail(error);
    this.parts.onReload("ends", (this.service as Service).addresses);
  }
}
