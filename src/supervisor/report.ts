import type { Status } from "../admin/api.ts";
import { optionNames, optionTable, type Option } from "../config/option-table.ts";
import type { OptionName, Origin } from "../config/settings.ts";
import type { Service } from "./service.ts";
import { statusOf } from "./status.ts";
import type { Supervisor } from "./supervisor.ts";

/** What the daemon does, and with what settings. */
export interface Report extends Status {
  /** What holds of each option, as a module would say it, and who said so. */
  readonly settings: Readonly<Record<OptionName, { readonly value: unknown; readonly origin: Origin }>>;
}

export function reportOn(supervisor: Supervisor, service: Service): Report {
  return { ...statusOf(supervisor), settings: describeSettings(service) };
}

function describeSettings({ plan: { settings, origins } }: Service): Report["settings"] {
  const described = optionNames.map((name) => {
    const { kind }: Option<unknown> = optionTable[name];
    return [name, { value: kind.show(settings[name]), origin: origins[name] }];
  });
  return Object.fromEntries(described) as Report["settings"];
}
