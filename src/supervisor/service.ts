import type { Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import type { Log } from "../log/record.ts";
import { native } from "../native.ts";
import { Header } from "../scoreboard/header.ts";
import { Slots } from "../scoreboard/slots.ts";
import { succeeded } from "../system-error.ts";
import { Listeners } from "./listeners.ts";
import { Orphans } from "./orphans.ts";

/** What outlives zygotes: made once the settings are known, and handed to each of them. */
export interface Service {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly listeners: Listeners;
  readonly header: Header;
  readonly orphans: Orphans;
  /** What a zygote is sent: the scoreboard, then the listeners. */
  readonly descriptors: readonly number[];
}

const processesUnheld =
  "limits.processes does not hold root's processes, and this daemon runs as root: run it as another user";

/** @throws ForkdError `FORKD_E_LISTEN`, `FORKD_E_SYSTEM` */
export function openService(settings: Settings, logger: Logger, logOfWorkers: Log): Service {
  const listeners = Listeners.open(settings.listen, settings.backlog);
  const slotForTrials = 1;
  const memfd = succeeded("Making the scoreboard", native.createScoreboard(settings.maxConnections + slotForTrials));
  const header = new Header(memfd);
  const slots = new Slots(memfd, settings.maxConnections);
  if (settings["limits.processes"] >= 0 && process.getuid?.() === 0) logger.warn(processesUnheld);
  const orphans = new Orphans({ slots, header, settings, log: logOfWorkers });
  return { settings, logger, listeners, header, orphans, descriptors: [memfd, ...listeners.descriptors] };
}
