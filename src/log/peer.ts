import type { Settings } from "../config/settings.ts";

/** A client's address as the log shows it. */
export function shownPeer(peer: string, { anonymizePeers }: Pick<Settings, "anonymizePeers">): string {
  return anonymizePeers ? networkOf(peer) : peer;
}

/** The network, /24 or /48, instead of the host and its port. A Unix socket's name is no address. */
function networkOf(peer: string): string {
  const [, ipv4] = /^(?:\[::ffff:)?(\d+\.\d+\.\d+)\.\d+/i.exec(peer) ?? [];
  if (ipv4 !== undefined) return `${ipv4}.0`;
  const [, ipv6] = /^\[([\da-f:]+)/i.exec(peer) ?? [];
  return ipv6 === undefined ? peer : `${network48(ipv6)}::`;
}

function network48(address: string): string {
  const [before = [], after = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const network = [...before, ...zeros, ...after].slice(0, 3);
  return network.slice(0, network.findLastIndex((group) => group !== "0") + 1).join(":");
}
