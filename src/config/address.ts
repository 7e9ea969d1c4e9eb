import { isIPv4, isIPv6 } from "node:net";
import { type Parsed, valueOrRefusal } from "./refusal.ts";

/** Where a daemon listens. `dualStack`: an IPv6 socket that takes IPv4 clients too. */
export type ListenAddress =
  | { readonly family: "ipv4" | "ipv6"; readonly host: string; readonly port: number; readonly dualStack: boolean }
  | { readonly family: "unix"; readonly path: string };

/** The rule for an address, as sentences say it. */
export const addressRule =
  'an address such as "127.0.0.1:1234", "[::1]:1234", ":1234" (all interfaces) or "unix:/run/x.sock"';

/** sun_path is 108 bytes long and ends with a zero: unix(7). */
const longestPath = 107;

/**
 * The address that a text such as `"127.0.0.1:1234"`, `"[::]:1234"`, `":1234"` or `"unix:/run/x.sock"` means.
 *
 * @throws ForkdError with the code `FORKD_E_OPTION`
 */
export function parseAddress(text: string): ListenAddress {
  return valueOrRefusal(readAddress(text), "An address", addressRule, text);
}

/** The text that {@link parseAddress} makes the same address of. */
export function formatAddress(address: ListenAddress): string {
  if (address.family === "unix") return `unix:${address.path}`;
  if (address.dualStack) return `:${address.port}`;
  return address.family === "ipv6" ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The address that a text means, or why it means none. */
export function readAddress(text: string): Parsed<ListenAddress> {
  if (text.startsWith("unix:")) return readPath(text.slice("unix:".length));
  if (text.startsWith("/") || text.startsWith("./")) return { hint: `For a Unix socket write "unix:${text}".` };
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(text);
  if (url !== null) return { hint: `It is no URL: write ${url[1] ? `"${url[1]}"` : "the address"} alone.` };
  if (/^\d+$/.test(text)) return { hint: `Write "127.0.0.1:${text}", or ":${text}" for all interfaces.` };
  if (isIPv6(text)) return { hint: hintAtBrackets(text) };
  const colon = text.lastIndexOf(":");
  if (isIPv4(text) || text.endsWith("]")) return { hint: `The port is missing: "${text}:1234".` };
  if (colon === -1) return { hint: "" };
  return readHostAndPort(text.slice(0, colon), text.slice(colon + 1));
}

function readPath(path: string): Parsed<ListenAddress> {
  if (path === "") return { hint: "The path of the socket is missing." };
  if (path.includes("\0")) return { hint: "The path of a socket has no zero bytes." };
  const length = Buffer.byteLength(path);
  if (length > longestPath) {
    return { hint: `The kernel takes a path of at most ${longestPath} bytes and this one has ${length}; shorten it.` };
  }
  return { value: { family: "unix", path } };
}

function readHostAndPort(host: string, portText: string): Parsed<ListenAddress> {
  const port = readPort(portText);
  if (port === undefined) return { hint: "The port is a whole number from 0 to 65535; 0 lets the kernel choose." };
  if (host === "") return inet("ipv6", "::", port, true);
  if (host === "localhost") return inet("ipv4", "127.0.0.1", port);
  if (isIPv4(host)) return inet("ipv4", host, port);
  if (host.startsWith("[") && host.endsWith("]")) return readBracketed(host.slice(1, -1), port);
  if (isIPv6(host)) return { hint: `An IPv6 address stands in brackets: "[${host}]:${port}".` };
  if (host === "*") return { hint: `For all interfaces write ":${port}".` };
  if (/^[\d.]+$/.test(host)) return { hint: "An IPv4 address is four numbers from 0 to 255, without leading zeros." };
  return { hint: `Host names are not looked up: write the IP address, or ":${port}" for all interfaces.` };
}

function readBracketed(host: string, port: number): Parsed<ListenAddress> {
  if (host.includes("%")) return { hint: `An address with a zone ("%…") is not supported; "[::]:${port}" covers it.` };
  return isIPv6(host) ? inet("ipv6", host, port) : { hint: "Only an IPv6 address stands in brackets." };
}

/** "::1:80" is an address as it stands, but hardly the one that is meant. */
function hintAtBrackets(text: string): string {
  const withPort = `An IPv6 address stands in brackets, with a port: "[${text}]:1234"`;
  const colon = text.lastIndexOf(":");
  const [host, port] = [text.slice(0, colon), readPort(text.slice(colon + 1))];
  const isAmbiguous = port !== undefined && isIPv6(host);
  return isAmbiguous ? `${withPort}, or "[${host}]:${port}" if ${port} is the port.` : `${withPort}.`;
}

function readPort(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function inet(family: "ipv4" | "ipv6", host: string, port: number, dualStack = false): Parsed<ListenAddress> {
  return { value: { family, host, port, dualStack } };
}
