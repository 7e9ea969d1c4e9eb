import { readFileSync } from "node:fs";
import { descriptorsOf } from "../support/processes.ts";

/** What a process has: its own memory in MiB, and its descriptors. */
export interface Holdings {
  readonly memory: number;
  readonly descriptors: number;
}

/** Undefined once it is gone. */
export function holdingsOf(pid: number): Holdings | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined
      ? undefined
      : { memory: Number(kibibytes) / 1024, descriptors: descriptorsOf(pid).size };
  } catch {
    return undefined;
  }
}

/** Samples that count as the first, and as the last. */
const window = 10;
/** Until the heap has its working size. */
const warmUp = 10;

/** The memory of a process over time: as it was once warm, and as it is last; medians. Of a short life, undefined. */
export class Growth {
  readonly #early: number[] = [];
  readonly #late: number[] = [];
  #samples = 0;

  add(memory: number): void {
    this.#samples++;
    if (this.#samples <= warmUp) return;
    if (this.#early.length < window) this.#early.push(memory);
    this.#late.push(memory);
    if (this.#late.length > window) this.#late.shift();
  }

  get span(): { first: number; last: number } | undefined {
    if (this.#samples < warmUp + 2 * window) return undefined;
    return { first: median(this.#early), last: median(this.#late) };
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
