import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Contestant } from "./contestants.ts";
import { holdConnections } from "./load.ts";
import { descendantsOf } from "./processes.ts";
import type { Server } from "./server.ts";
import type { Tools } from "./tools.ts";

/** Kibibytes: memory that only the process has, and its fair share of all memory it maps (PSS). */
export interface Memory {
  readonly privateKiB: number;
  readonly pssKiB: number;
}

export const heldConnections = 100;

/** The memory of one idle connection: that of the processes that hold it, or by which the shared process grew. */
export async function measureMemory(contestant: Contestant, server: Server, tools: Tools): Promise<Memory> {
  const before = contestant.process === "shared" ? memoryOf(descendantsOf(server.leash)) : { privateKiB: 0, pssKiB: 0 };
  const during = await holdConnections(tools, server.port, heldConnections, () => {
    const holders = holdersOf(server);
    requireHolders(contestant, holders.length);
    return memoryOf(holders);
  });
  return {
    privateKiB: (during.privateKiB - before.privateKiB) / heldConnections,
    pssKiB: (during.pssKiB - before.pssKiB) / heldConnections,
  };
}

function requireHolders(contestant: Contestant, found: number): void {
  const expected = contestant.process === "own" ? heldConnections : 1;
  if (found === expected) return;
  throw new Error(
    `${heldConnections} connections should be held by ${expected} of its processes, but ${found} hold them.`,
  );
}

/** The processes of the server that have an established connection to its port open. */
function holdersOf({ leash, port }: Server): number[] {
  const sockets = establishedSockets(port);
  return descendantsOf(leash).filter((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

// The second field of /proc/net/tcp is address:port, the fourth the state (01: established), the tenth the inode.
function establishedSockets(port: number): Set<string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const established = fields.filter((row) => row[1]?.endsWith(local) && row[3] === "01");
  return new Set(established.map((row) => `socket:[${row[9]}]`));
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
}

function memoryOf(pids: readonly number[]): Memory {
  const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return { privateKiB: sumOf(rollups, /^Private_\w+:\s+(\d+) kB$/gm), pssKiB: sumOf(rollups, /^Pss:\s+(\d+) kB$/gm) };
}

function sumOf(rollups: readonly string[], field: RegExp): number {
  const sizes = rollups.flatMap((rollup) => [...rollup.matchAll(field)].map((match) => Number(match[1])));
  return sizes.reduce((sum, size) => sum + size, 0);
}
