import type { Logger } from "pino";
import type { Engine } from "../control/messages.ts";
import type { Settings } from "../config/settings.ts";
import type { Log } from "../log/record.ts";
import { Header } from "../scoreboard/header.ts";
import type { Orders } from "../scoreboard/orders.ts";
import { Registry } from "../scoreboard/registry.ts";
import { Slots } from "../scoreboard/slots.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Listeners } from "./listeners.ts";
import { Orphans } from "./orphans.ts";
import { Rotation } from "./rotation.ts";

/** What outlives zygotes: made once the settings are known, and handed to each of them. */
export interface Service {
  readonly settings: Settings;
  /** How the next zygote is to make workers: whoever finds that forking does not work here sets it to "spawn". */
  engine: Engine;
  readonly logger: Logger;
  readonly listeners: Listeners;
  readonly header: Header;
  readonly orders: Orders;
  readonly orphans: Orphans;
  readonly heartbeat: Heartbeat;
  readonly rotation: Rotation;
  /** What a zygote is sent: the scoreboard, the registry, then the listeners. */
  readonly descriptors: readonly number[];
}

const processesUnheld =
  "limits.processes does not hold root's processes, and this daemon runs as root: run it as another user";

/** What the supervisor is told. */
export interface ServiceEvents {
  /** The zygote gives no sign of life. */
  readonly onHung: () => void;
  /** The zygote of that generation is to be replaced. */
  readonly onDue: (generation: number) => void;
}

/**
 * @param passed - The listeners that the supervisor was started with, if it was.
 * @throws ForkdError `FORKD_E_LISTEN`, `FORKD_E_SYSTEM`
 */
export function openService(
  settings: Settings,
  passed: Listeners | undefined,
  logger: Logger,
  logOfWorkers: Log,
  events: ServiceEvents,
): Service {
  const listeners = passed ?? Listeners.open(settings.listen, settings.backlog);
  const memfd = Slots.create();
  const header = new Header(memfd);
  const slots = new Slots(memfd);
  const registryMemfd = Registry.create();
  const registry = new Registry(registryMemfd);
  const { orders } = registry;
  if (settings["limits.processes"] >= 0 && process.getuid?.() === 0) logger.warn(processesUnheld);
  return {
    settings,
    engine: settings.engine === "spawn" ? "spawn" : "fork",
    logger,
    listeners,
    header,
    orders,
    orphans: new Orphans({ registry, slots, header, settings, log: logOfWorkers }),
    heartbeat: new Heartbeat(orders, settings.heartbeatTimeout, events.onHung),
    rotation: new Rotation(settings.rotateInterval, events.onDue),
    descriptors: [memfd, registryMemfd, ...listeners.descriptors],
  };
}
