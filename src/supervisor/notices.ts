import type { Logger } from "pino";
import { formatAddress } from "../config/address.ts";
import type { StatusReport } from "./report.ts";
import type { Service } from "./service.ts";

/** What a caller waits for. */
export function logReadiness({ listeners, logger, settings }: Service): void {
  const addresses = listeners.addresses.map(formatAddress);
  atEveryLevel(logger).info({ name: settings.name, addresses }, `listening on ${addresses.join(", ")}`);
}

/** What somebody has asked for. */
export function logReport(logger: Logger, report: StatusReport): void {
  atEveryLevel(logger).info(report, "status report");
}

const atEveryLevel = (logger: Logger): Logger => logger.child({}, { level: "info" });
