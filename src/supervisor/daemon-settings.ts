import { isatty } from "node:tty";
import { resolveOption, resolveSettings } from "../config/resolve-settings.ts";
import type { Origins, Settings, Sources } from "../config/settings.ts";

const stderr = 2;

/** What has a say in a daemon's settings, beside the module and the environment. */
export interface SettingsParts {
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  /** Where to log if `logFile` is off, for a daemon of that name. */
  readonly defaultLogFile: ((name: string) => string) | undefined;
}

/**
 * What holds for the daemon, once the module has said its part.
 * @throws ForkdError `FORKD_E_OPTION`
 */
export function settingsOf(
  parts: SettingsParts,
  module: Sources["module"],
): { readonly settings: Settings; readonly origins: Origins } {
  const { settings, origins } = resolveSettings(sourcesOf(parts, module));
  const { name, logFile } = settings;
  return { settings: { ...settings, logFile: logFile || (parts.defaultLogFile?.(name) ?? "") }, origins };
}

/** How long a zygote may take, as long as the module has not said anything. */
export const startTimeoutOf = (parts: SettingsParts): number => resolveOption("startTimeout", sourcesOf(parts, {}));

function sourcesOf({ modulePath, flags, defaultLogFile }: SettingsParts, module: Sources["module"]): Sources {
  const stderrIsTerminal = defaultLogFile === undefined && isatty(stderr);
  return { flags, variables: process.env, module, modulePath, stderrIsTerminal };
}
