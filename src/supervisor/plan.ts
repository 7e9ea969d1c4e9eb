import { isatty } from "node:tty";
import { resolveOption, resolveSettings } from "../config/resolve-settings.ts";
import type { OptionName, Origins, Settings, Sources } from "../config/settings.ts";
import { Listeners } from "./listeners.ts";

/** What a generation serves with. */
export interface Plan {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly listeners: Listeners;
}

/** Makes plans, of what the module wants and what the command line and the environment say. */
export class Planner {
  readonly modulePath: string;
  readonly #flags: Sources["flags"];
  readonly #passed: Listeners | undefined;

  /** @param passed - The sockets that this process was started with, instead of those that `listen` names. */
  constructor(modulePath: string, flags: Sources["flags"], passed: Listeners | undefined) {
    this.modulePath = modulePath;
    this.#flags = flags;
    this.#passed = passed;
  }

  /** Of an option for which the module is not asked. */
  optionBeforehand<Name extends OptionName>(name: Name): Settings[Name] {
    return resolveOption(name, this.#sources({}));
  }

  /** @throws ForkdError `FORKD_E_OPTION` */
  resolve(module: Sources["module"]): Pick<Plan, "settings" | "origins"> {
    return resolveSettings(this.#sources(module));
  }

  /**
   * @param earlier - The plan in force, whose sockets stay open where they are wanted still, and whose name the daemon keeps.
   * @throws ForkdError `FORKD_E_OPTION`, `FORKD_E_LISTEN`; no more sockets are open then
   */
  next(module: Sources["module"], earlier: Plan): Plan {
    const { settings, origins } = this.resolve(module);
    const { listen, backlog } = settings;
    const listeners = Listeners.open(listen, backlog, earlier.listeners);
    return { settings: { ...settings, name: earlier.settings.name }, origins, listeners };
  }

  /** @throws ForkdError `FORKD_E_LISTEN` */
  first({ settings, origins }: Pick<Plan, "settings" | "origins">): Plan {
    return { settings, origins, listeners: this.#passed ?? Listeners.open(settings.listen, settings.backlog) };
  }

  #sources(module: Sources["module"]): Sources {
    const { modulePath } = this;
    return { flags: this.#flags, variables: process.env, module, modulePath, stderrIsTerminal: isatty(2) };
  }
}
