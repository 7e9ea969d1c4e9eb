import { constants } from "node:os";
import type { Program } from "../admin/api.ts";
import type { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { ownProgram, tryProgram } from "./becoming.ts";
import { busy, notReady, notRestartable, notUpgraded, stopping } from "./failure.ts";
import { handoverOf } from "./handover.ts";
import { isInService } from "./lifecycle.ts";
import type { Supervisor } from "./supervisor.ts";

/** What this process is to be when it is no longer this program. */
export class Succession {
  /** What it becomes as soon as its zygote has retired. */
  upgradesTo: Program | undefined;
  /** What it becomes when the daemon has stopped; nothing if that is to be its end, too. */
  restartsAs: Program | undefined;
  /** How often it has become another one. */
  count = 0;
  /** Children that are neither zygotes nor workers: those that are tried. */
  readonly pids = new Set<number>();
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /**
   * Has this process become another program, while the workers go on and nobody is refused.
   * @returns when it is about to
   * @throws ForkdError `FORKD_E_UPGRADE` if the other one does not serve; this one goes on then
   */
  async upgrade(program: Program): Promise<void> {
    const supervisor = this.#supervisor;
    this.#refuseUnlessAtRest();
    await this.#try(program, (why) => notUpgraded(program, why));
    this.#refuseUnlessAtRest();
    this.upgradesTo = program;
    supervisor.news.becoming(program);
    supervisor.parts.onReload("begins", []);
    supervisor.handle("upgrade");
  }

  #refuseUnlessAtRest(): void {
    const { state, reloads } = this.#supervisor;
    if (state !== "serving") throw busy(state);
    if (reloads.isRunning) throw busy("reloading");
  }

  /**
   * Has the daemon stop, and this process start it again, if that would start. Asked for again, it is as it was.
   * @returns when it is about to
   * @throws ForkdError `FORKD_E_RESTART` if it would not; `FORKD_E_STOPPING` if it stops already, for good
   */
  async restart(now: boolean): Promise<void> {
    if (this.restartsAs === undefined) {
      this.#refuseUnlessInService();
      await this.#try(ownProgram(), notRestartable);
    }
    const isUnderWay = this.restartsAs !== undefined; // somebody else may have asked meanwhile
    if (!isUnderWay) this.#refuseUnlessInService();
    this.restartsAs = ownProgram();
    if (now) this.#supervisor.handle("stop");
    else if (!isUnderWay) this.#supervisor.handle("drain");
  }

  #refuseUnlessInService(): void {
    const { state } = this.#supervisor;
    if (state === "starting") throw notReady();
    if (!isInService(state)) throw stopping();
  }

  async #try(program: Program, refusal: (why: string) => ForkdError): Promise<void> {
    try {
      await tryProgram(program, handoverOf(this.#supervisor), process.env, this.pids);
    } catch (error) {
      throw refusal((error as Error).message);
    }
  }

  /** What comes before all else, in a process that was another program: its log, its commands and its workers are taken over. */
  async goOn(): Promise<void> {
    const { service, log, parts, zygotes, presence, news } = this.#supervisor;
    if (service === undefined) return;
    await log.goOnWith(service.settings);
    log.stretchTo(parts.logDescriptors);
    await presence.settle(service.settings.name).catch((error: Error) => news.noCommands(error));
    const sweep = (): void => this.#supervisor.sweep();
    service.orphans.inheritFrom(zygotes.generation, () => zygotes.pids, sweep);
  }

  /** Nobody is tried any more. */
  end(): void {
    for (const pid of this.pids) native.kill(pid, constants.signals.SIGKILL);
  }
}
