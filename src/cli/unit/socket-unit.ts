import { resolve } from "node:path";
import { formatAddress, type ListenAddress } from "../../config/address.ts";
import type { Settings } from "../../config/settings.ts";
import { ForkdError } from "../../errors.ts";
import { type Line, literal, unitFile } from "./words.ts";

/**
 * A unit by which systemd opens the daemon's sockets, and starts it for the first client.
 * @throws ForkdError `FORKD_E_USAGE` if the kernel is to choose a port
 */
export function socketUnit({ name, listen, backlog }: Settings): string {
  const sixOnly: Line[] = listen.some(isSixOnly) ? [["BindIPv6Only", "ipv6-only"]] : [];
  const streams = listen.flatMap((address) => streamsOf(address, sixOnly.length > 0));
  return unitFile(`/etc/systemd/system/${name}.socket`, {
    Unit: [["Description", literal(`Sockets of ${name}, served by forkd`)]],
    Socket: [
      ...streams.map((stream): Line => ["ListenStream", literal(stream)]),
      ...sixOnly,
      ["Accept", "no"],
      ["Backlog", String(backlog)],
    ],
    Install: [["WantedBy", "sockets.target"]],
  });
}

/** All interfaces, but only those of IPv6: systemd is told that of all sockets or of none. */
const isSixOnly = (address: ListenAddress): boolean =>
  address.family === "ipv6" && !address.dualStack && address.host === "::";

function streamsOf(address: ListenAddress, sixOnly: boolean): string[] {
  if (address.family === "unix") return [resolve("/", address.path)];
  if (address.port === 0) {
    throw new ForkdError(
      "FORKD_E_USAGE",
      `A socket unit must name a port; received ${formatAddress(address)}. Choose one with --listen.`,
    );
  }
  if (!address.dualStack) return [formatAddress(address)];
  return sixOnly ? [`0.0.0.0:${address.port}`, `[::]:${address.port}`] : [`[::]:${address.port}`];
}
