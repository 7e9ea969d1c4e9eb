import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { Registry } from "../../dist/scoreboard/registry.js";
import { Slots } from "../../dist/scoreboard/slots.js";

/** What a worker would write into its slot. */
export interface Written {
  readonly pid?: number;
  readonly state?: number;
  readonly outcome?: number;
  readonly generation?: number;
  readonly fork_number?: number;
  readonly served?: number;
  readonly reported?: number;
  readonly peer?: string;
  readonly idle_deadline?: number;
  readonly user_before?: number;
  readonly system_before?: number;
  readonly bytes_in?: number;
  readonly bytes_out?: number;
}

/** A scoreboard without a daemon. */
export function openScoreboard(
  t: TestContext,
  count: number,
): {
  memfd: number;
  registry: Registry;
  /** The same, as another process has it. */
  supervisors: Registry;
  slots: Slots;
  write: (slot: number, values: Written) => void;
} {
  const memfd = native.createScoreboard(count);
  assert.ok(memfd >= 0);
  t.after(() => native.close(memfd));
  const pages = native.mapSlots(memfd, count) as ArrayBuffer;
  const [registry, supervisors] = openRegistry(t, count);
  return {
    memfd,
    registry,
    supervisors,
    slots: new Slots(memfd, count),
    write: (slot, values) => write(pages, slot, values),
  };
}

function openRegistry(t: TestContext, count: number): [Registry, Registry] {
  const memfd = Registry.create();
  t.after(() => native.close(memfd));
  const registry = new Registry(memfd);
  registry.provide(count);
  return [registry, new Registry(memfd)];
}

const doubles: ReadonlySet<string> = new Set([
  "idle_deadline",
  "user_before",
  "system_before",
  "bytes_in",
  "bytes_out",
]);

function write(pages: ArrayBuffer, slot: number, { peer, ...numbers }: Written): void {
  const layout = native.slotLayout;
  const words = new Int32Array(pages, slot * native.pageSize, native.pageSize / 4);
  const longWords = new Float64Array(pages, slot * native.pageSize, native.pageSize / 8);
  for (const [name, value] of Object.entries(numbers) as [keyof typeof numbers, number][]) {
    if (doubles.has(name)) longWords[layout[name] / 8] = value;
    else words[layout[name] / 4] = value;
  }
  if (peer === undefined) return;
  words[layout.peer_length / 4] = Buffer.byteLength(peer);
  Buffer.from(pages, slot * native.pageSize + layout.peer).write(peer);
}

/** What workers are held to where nothing is to be seen of it. */
export const usualSettings = {
  "limits.cpu": 0,
  "limits.fileSize": -1,
  startTimeout: 30_000,
  drainTimeout: 1000,
  connectionsPerWorker: 1,
  connectionLog: true,
  anonymizePeers: false,
};
