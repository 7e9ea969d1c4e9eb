import type { Settings, Sources } from "../config/settings.ts";
import type { FromZygote } from "../control/messages.ts";
import { reviveFailure } from "../control/failure.ts";
import { Registry } from "../scoreboard/registry.ts";
import { Slots } from "../scoreboard/slots.ts";
import { takePassedSockets } from "../config/listen-fds.ts";
import { DaemonLog } from "./daemon-log.ts";
import { diedAtStart } from "./failure.ts";
import { Planner } from "./plan.ts";
import { takeServiceManager } from "./service-manager.ts";
import { ZygoteProcess } from "./zygote-process.ts";

/** What a module and its options come to. */
export interface CheckResult {
  readonly settings: Settings;
  /** Why workers would be spawned, though they need not be; undefined if they would be forked, or are to be spawned. */
  readonly unforkable?: string;
}

/**
 * Does with a module all that comes before the first connection, in a zygote that never forks for one: nothing is listened
 * on, and no lock is taken.
 * @throws ForkdError what would keep it from starting
 */
export async function check(modulePath: string, flags: Sources["flags"]): Promise<CheckResult> {
  takePassedSockets(process.env, process.pid); // they are for the daemon, and not for user code
  takeServiceManager(process.env, process.pid);
  const log = new DaemonLog();
  try {
    return await new Check(modulePath, flags, log).result;
  } finally {
    await log.close();
  }
}

class Check {
  readonly result: Promise<CheckResult>;
  readonly #log: DaemonLog;
  readonly #planner: Planner;
  readonly #zygote: ZygoteProcess;
  #settings: Settings | undefined;
  #succeed: (result: CheckResult) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(modulePath: string, flags: Sources["flags"], log: DaemonLog) {
    this.#log = log;
    this.#planner = new Planner({ modulePath, flags, isDetached: false, passed: undefined });
    this.result = new Promise((resolve, reject) => ([this.#succeed, this.#fail] = [resolve, reject]));
    this.#zygote = new ZygoteProcess(modulePath, 1, log.pipe[1], {
      onMessage: (message) => void this.#onMessage(message).catch((error: Error) => this.#end(() => this.#fail(error))),
      onExit: (manner) =>
        this.#fail(diedAtStart(modulePath, manner, this.#settings === undefined ? "loading" : "preparing")),
    });
    this.#zygote.expectReady(this.#planner.optionBeforehand("startTimeout"));
  }

  async #onMessage(message: FromZygote): Promise<void> {
    switch (message.type) {
      case "loaded":
        return this.#commission(message.options);
      case "trying":
        return this.#zygote.expectTrial();
      case "prepared":
        return this.#end(() => this.#succeed(this.#describe()));
      case "unforkable":
        return this.#end(() => this.#succeed({ ...this.#describe(), unforkable: message.reason }));
      case "failed":
        return this.#end(() => this.#fail(reviveFailure(message.error)));
    }
  }

  async #commission(module: Sources["module"]): Promise<void> {
    const { settings } = this.#planner.resolve(module);
    this.#settings = settings;
    await this.#log.configure({ ...settings, logFile: "" });
    this.#zygote.expectReady(settings.startTimeout);
    const engine = settings.engine === "spawn" ? "spawn" : "fork";
    const message = { type: "serve", settings, generation: 1, engine, isUntried: true, trial: true } as const;
    this.#zygote.send(message, [Slots.create(), Registry.create()]);
  }

  #describe(): CheckResult {
    return { settings: this.#settings as Settings };
  }

  /** The verdict is known, whatever becomes of the zygote. */
  #end(tell: () => void): void {
    tell();
    this.#zygote.kill();
  }
}
