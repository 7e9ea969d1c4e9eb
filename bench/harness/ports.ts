import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

const listening = "0A";
const established = "01";

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Returns when somebody listens on the port; throws if the server ends before, or takes too long. */
export async function waitForListener(port: number, leash: ChildProcess, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (socketsOn(port, listening).length === 0) {
    if (leash.exitCode !== null) throw new Error("It ended before it listened.");
    if (Date.now() > deadline) throw new Error(`It did not listen within ${seconds} s.`);
    await wait(10);
  }
}

/** The sockets at the server's end of the connections to a port, named as in /proc/PID/fd. */
export function connectionsTo(port: number): Set<string> {
  return new Set(socketsOn(port, established).map((inode) => `socket:[${inode}]`));
}

// The second field of /proc/net/tcp is address:port, the fourth the state, the tenth the inode.
function socketsOn(port: number, state: string): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return fields.filter((row) => row[1]?.endsWith(local) && row[3] === state).map((row) => row[9] ?? "");
}
