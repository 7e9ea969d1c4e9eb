import { constants } from "node:os";
import type { Logger } from "pino";
import type { Program } from "../admin/api.ts";
import { longestTimeout } from "../config/duration.ts";
import { native } from "../native.ts";
import { become } from "./becoming.ts";
import { children } from "./children.ts";
import { notUpgraded, stopping } from "./failure.ts";
import { handoverOf } from "./handover.ts";
import type { Action } from "./lifecycle.ts";
import type { Plan } from "./plan.ts";
import type { Service } from "./service.ts";
import type { Supervisor } from "./supervisor.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

const { SIGKILL } = constants.signals;

/** Zygote and workers see to it that a drain ends within `drainTimeout`; if they do not, so much later it is ended. */
const overdueDelay = 3000;

/** What the lifecycle wants done. */
export class Actions implements Readonly<Record<Action, () => void>> {
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** There is one whenever the module has been loaded, and but for `kill` and `finish` nothing is to be done before. */
  get #service(): Service {
    return this.#supervisor.service as Service;
  }

  startOver(): void {
    this.#supervisor.zygotes.startOver();
  }

  letFork(): void {
    const { current } = this.#supervisor.zygotes;
    if (current?.plan !== undefined) this.#adopt(current.plan, current.generation);
    current?.send({ type: "fork" });
  }

  #adopt(plan: Plan, generation: number): void {
    const isNew = plan !== this.#service.plan;
    this.#service.adopt(plan, generation);
    if (isNew) void this.#supervisor.log.goOnWith(plan.settings);
  }

  announce(): void {
    const { addresses, settings, rotation } = this.#service;
    this.#supervisor.news.listening(settings.name, addresses);
    this.#supervisor.presence.instance?.announce(addresses);
    this.#supervisor.log.stretchTo(this.#supervisor.parts.logDescriptors);
    this.#tellReady();
    rotation.resume();
  }

  #tellReady(): void {
    const { addresses, settings, heartbeat } = this.#service;
    const logger = this.#supervisor.log.logger as Logger;
    this.#supervisor.parts.onReady({ name: settings.name, addresses, logger, heartbeat });
  }

  respawn(): void {
    setTimeout(() => {
      if (this.#supervisor.state === "restarting") this.#supervisor.spawn();
    }, this.#supervisor.crashes.nextDelay(performance.now()));
  }

  rotate(): void {
    this.#supervisor.news.rotating();
    this.#service.rotation.rotated();
    this.#supervisor.zygotes.spawnNext();
  }

  reload(): void {
    this.#supervisor.news.reloading();
    this.#supervisor.parts.onReload("begins", []);
    this.#supervisor.zygotes.spawnNext();
  }

  promote(): void {
    this.#supervisor.zygotes.promote();
  }

  /** Nobody forks then until the next one does; the idle workers serve meanwhile. */
  retire(): void {
    this.#supervisor.zygotes.retire();
    this.#service.orders.announceCommand();
  }

  /** Idle workers of earlier zygotes have filled in until now; after a reload their busy ones are to come to an end, too. */
  takeOver(): void {
    const { orphans, rotation } = this.#service;
    const { reloads, zygotes, news } = this.#supervisor;
    const current = zygotes.current as ZygoteProcess;
    const { generation } = current;
    news.takenOver(generation);
    if (reloads.isBy(current)) this.#completeReload(generation);
    else orphans.retireIdle(generation);
    rotation.resume();
  }

  /** From its end on old code accepts nobody: an idle worker that is told to leave may have been about to. */
  #completeReload(generation: number): void {
    const { orphans } = this.#service;
    orphans.drainBefore(generation);
    this.#supervisor.reloads.succeedOnce(
      () => !orphans.mayAcceptBefore(generation),
      generation,
      () => this.#onReloaded(generation),
    );
  }

  #onReloaded(generation: number): void {
    const { addresses } = this.#service;
    this.#supervisor.news.reloaded(generation, addresses);
    this.#supervisor.presence.instance?.announce(addresses);
    if (this.#supervisor.isResuming) this.#tellReady();
    else this.#supervisor.parts.onReload("ends", addresses);
    this.#supervisor.isResuming = false;
    this.#supervisor.beginReload();
  }

  /** The zygote has left its workers to this process, whose they remain. */
  become(): void {
    void this.#become();
  }

  async #become(): Promise<void> {
    const { log, news, parts, succession } = this.#supervisor;
    const handed = await log.handOver();
    if (this.#supervisor.state !== "upgrading") return log.goOn(); // somebody has stopped the daemon meanwhile
    const program = succession.upgradesTo as Program;
    const why = become(program, handoverOf(this.#supervisor, handed), process.env);
    log.goOn();
    news.notBecome(notUpgraded(program, why));
    parts.onReload("ends", this.#service.addresses);
    this.#supervisor.handle("notUpgraded");
  }

  giveUp(): void {
    this.#supervisor.news.givingUp(this.#service.settings);
    this.#supervisor.status = 1;
    this.drain();
  }

  drain(): void {
    const { plan, orders, orphans, settings } = this.#service;
    this.#supervisor.news.draining();
    this.#supervisor.drainsUntil = performance.now() + settings.drainTimeout;
    this.#supervisor.reloads.refuse(stopping());
    plan.listeners.close();
    this.#supervisor.zygotes.killNext();
    this.#supervisor.zygotes.current?.send({ type: "drain" });
    orders.announceCommand();
    orphans.drain(); // the zygote sees to its own
    setTimeout(
      () => this.#supervisor.handle("overdue"),
      Math.min(settings.drainTimeout + overdueDelay, longestTimeout),
    ).unref();
    this.#supervisor.sweep();
  }

  drainOrphans(): void {
    this.#service.orphans.drain();
  }

  /** The zygotes first: then their workers are children of this process, and no more are forked. */
  kill(): void {
    this.#supervisor.drainsUntil = 0;
    this.#supervisor.reloads.refuse(stopping());
    this.#supervisor.service?.plan.listeners.close();
    this.#supervisor.service?.orphans.expectKill();
    this.#supervisor.zygotes.kill();
    if (this.#supervisor.zygotes.current === undefined) for (const pid of children()) native.kill(pid, SIGKILL);
    this.#supervisor.sweep();
  }

  finish(): void {
    this.#supervisor.end();
  }
}
