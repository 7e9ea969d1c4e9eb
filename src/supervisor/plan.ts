import { resolve } from "node:path";
import { isatty } from "node:tty";
import { defaultLogFile } from "../admin/log-folder.ts";
import { resolveOption, resolveSettings } from "../config/resolve-settings.ts";
import type { OptionName, Origins, Settings, Sources } from "../config/settings.ts";
import { Listeners } from "./listeners.ts";

/** What a generation serves with. */
export interface Plan {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly listeners: Listeners;
}

export interface PlannerParts {
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  /** Whether nobody is to see standard error. */
  readonly isDetached: boolean;
  /** The sockets that this process was started with, instead of those that `listen` names. */
  readonly passed: Listeners | undefined;
}

/** Makes plans, of what the module wants and what the command line and the environment say. */
export class Planner {
  readonly parts: PlannerParts;

  constructor(parts: PlannerParts) {
    this.parts = parts;
  }

  /** The module's path, the same wherever one is. */
  get module(): string {
    return resolve(this.parts.modulePath);
  }

  /** Of an option for which the module is not asked. */
  optionBeforehand<Name extends OptionName>(name: Name): Settings[Name] {
    return resolveOption(name, this.#sources({}));
  }

  /** @throws ForkdError `FORKD_E_OPTION` */
  resolve(module: Sources["module"]): Pick<Plan, "settings" | "origins"> {
    const { settings, origins } = resolveSettings(this.#sources(module));
    const isToChoose = this.parts.isDetached && settings.logFile === "";
    return { settings: isToChoose ? { ...settings, logFile: defaultLogFile(settings.name) } : settings, origins };
  }

  /**
   * @param earlier - The plan in force: its sockets stay open where they are wanted still, its name and its log file stay.
   * @throws ForkdError `FORKD_E_OPTION`, `FORKD_E_LISTEN`; no more sockets are open then
   */
  next(module: Sources["module"], earlier: Plan): Plan {
    const { settings, origins } = this.resolve(module);
    const { name, logFile } = earlier.settings;
    const listeners = Listeners.open(settings.listen, settings.backlog, earlier.listeners);
    return { settings: { ...settings, name, logFile }, origins, listeners };
  }

  /** @throws ForkdError `FORKD_E_LISTEN` */
  first({ settings, origins }: Pick<Plan, "settings" | "origins">): Plan {
    return { settings, origins, listeners: this.parts.passed ?? Listeners.open(settings.listen, settings.backlog) };
  }

  #sources(module: Sources["module"]): Sources {
    const { modulePath, flags, isDetached } = this.parts;
    const stderrIsTerminal = !isDetached && isatty(2);
    return { flags, variables: process.env, module, modulePath, stderrIsTerminal, isProcessOne: process.pid === 1 };
  }
}
