import { formatAddress } from "../config/address.ts";
import { optionNames, optionTable, type Option } from "../config/option-table.ts";
import type { OptionName, Origin } from "../config/settings.ts";
import { outcomes, type Outcome } from "../scoreboard/states.ts";
import type { State } from "./lifecycle.ts";
import type { Service } from "./service.ts";

/** What a daemon is doing, with what settings: plain values, ready for JSON. */
export interface StatusReport {
  readonly name: string;
  readonly state: State;
  /** Which zygote forks. */
  readonly generation: number;
  /** How long the supervisor has lived, in ms. */
  readonly uptimeMs: number;
  readonly addresses: readonly string[];
  readonly workers: WorkerCounts;
  readonly connections: ConnectionCounts;
  /** What holds of each option, as a module would say it, and who said so. */
  readonly settings: Readonly<Record<OptionName, { readonly value: unknown; readonly origin: Origin }>>;
}

export interface WorkerCounts {
  /** Waiting for a connection, or about to. */
  readonly idle: number;
  readonly busy: number;
  /** So many may be busy at once: `maxConnections`. */
  readonly max: number;
}

/** Since the supervisor started. */
export interface ConnectionCounts {
  readonly accepted: number;
  /** By how they ended. */
  readonly ended: Readonly<Record<Outcome, number>>;
}

/** What the supervisor knows beside the service. */
export type Circumstances = Pick<StatusReport, "state" | "generation">;

export function reportOn(service: Service, { state, generation }: Circumstances): StatusReport {
  return {
    name: service.settings.name,
    state,
    generation,
    uptimeMs: Math.round(process.uptime() * 1000),
    addresses: service.listeners.addresses.map(formatAddress),
    workers: countWorkers(service),
    connections: countConnections(service),
    settings: describeSettings(service),
  };
}

function countWorkers({ registry, slots, settings }: Service): WorkerCounts {
  const taken = Array.from({ length: registry.count }, (_, slot) => slot).filter((slot) => registry.isTaken(slot));
  const idle = taken.filter((slot) => slots.isIdle(slot)).length;
  const busy = taken.filter((slot) => slots.isBusy(slot)).length;
  return { idle, busy, max: settings.maxConnections };
}

function countConnections({ header }: Service): ConnectionCounts {
  const ended = outcomes.filter((outcome) => outcome !== "none").map((outcome) => [outcome, header.ended(outcome)]);
  return { accepted: header.accepted, ended: Object.fromEntries(ended) as ConnectionCounts["ended"] };
}

function describeSettings({ settings, origins }: Service): StatusReport["settings"] {
  const described = optionNames.map((name) => {
    const { kind }: Option<unknown> = optionTable[name];
    return [name, { value: kind.show(settings[name]), origin: origins[name] }];
  });
  return Object.fromEntries(described) as StatusReport["settings"];
}
