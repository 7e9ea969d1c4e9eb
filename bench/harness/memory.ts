import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connectionsTo } from "./ports.ts";
import { descendantsOf } from "./processes.ts";
import type { Server } from "./server.ts";

/** Kibibytes: memory that only the process has, and its fair share of all memory it maps (PSS). */
export interface Memory {
  readonly privateKiB: number;
  readonly pssKiB: number;
}

/** The memory of all processes of a server. */
export function memoryOfAll({ leash }: Server): Memory {
  return memoryOf(descendantsOf(leash));
}

/** The processes of a server that have a connection to its port open. */
export function holdersOf({ leash, port }: Server): number[] {
  const sockets = connectionsTo(port);
  return descendantsOf(leash).filter((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** The memory of these processes together; of one that ends meanwhile, none. */
export function memoryOf(pids: readonly number[]): Memory {
  const rollups = pids.map((pid) => orNothing("", () => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")));
  return { privateKiB: sumOf(rollups, /^Private_\w+:\s+(\d+) kB$/gm), pssKiB: sumOf(rollups, /^Pss:\s+(\d+) kB$/gm) };
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return orNothing([], () => readdirSync(folder)).map((fd) => orNothing("", () => readlinkSync(`${folder}/${fd}`)));
}

function orNothing<T>(nothing: T, read: () => T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}

function sumOf(rollups: readonly string[], field: RegExp): number {
  const sizes = rollups.flatMap((rollup) => [...rollup.matchAll(field)].map((match) => Number(match[1])));
  return sizes.reduce((sum, size) => sum + size, 0);
}
