import { readFileSync } from "node:fs";
import type { DescriptorHazard } from "./descriptor-hazards.ts";

/** A descriptor in words: `127.0.0.1:53122 to 127.0.0.1:5432 (descriptor 23)`, `/srv/data.db (descriptor 24)`. */
export function describeTarget({ fd, target }: DescriptorHazard): string {
  const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
  const name = inode === undefined ? pathIn(target) : socketName(inode);
  return name === undefined ? `descriptor ${fd}` : `${name} (descriptor ${fd})`;
}

const pathIn = (target: string): string | undefined => (target.startsWith("/") ? target : undefined);

/** proc_net(5): the tables list each socket by its inode. */
function socketName(inode: string): string | undefined {
  for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
    const row = rowsOf(table).find((columns) => columns[9] === inode);
    if (row !== undefined) return inetName(row[1] ?? "", row[2] ?? "");
  }
  return rowsOf("unix").find((columns) => columns[6] === inode)?.[7];
}

function rowsOf(table: string): string[][] {
  try {
    const lines = readFileSync(`/proc/self/net/${table}`, "utf8").split("\n").slice(1);
    return lines.map((line) => line.trim().split(/\s+/));
  } catch {
    return []; // a kernel without IPv6
  }
}

function inetName(local: string, remote: string): string {
  const peer = remote.endsWith(":0000") ? "" : ` to ${parseEndpoint(remote)}`;
  return `${parseEndpoint(local)}${peer}`;
}

/** `0100007F:04D2`: the address in words of 32 bits as this processor stores them, little end first; the port as a number. */
export function parseEndpoint(text: string): string {
  const [address = "", port = ""] = text.split(":");
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  return `${bytes.length === 4 ? ipv4(bytes) : `[${ipv6(bytes)}]`}:${Number.parseInt(port, 16)}`;
}

const ipv4 = (bytes: readonly string[]): string => bytes.map((byte) => Number.parseInt(byte, 16)).join(".");

function ipv6(bytes: readonly string[]): string {
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[2 * index]}${bytes[2 * index + 1]}`);
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1).toLowerCase(); // in its shortest form
}
