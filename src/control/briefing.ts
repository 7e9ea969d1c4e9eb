import { fstatSync, readSync } from "node:fs";
import type { Settings } from "../config/settings.ts";
import { native } from "../native.ts";
import type { StrippedFiles } from "../loader/typescript-source.ts";

/** What all spawned workers of a zygote are told, in memory that none of them can change. */
export interface Briefing {
  readonly modulePath: string;
  readonly directory: string;
  readonly settings: Settings;
  readonly generation: number;
  readonly supervisor: number;
  readonly zygote: number;
  /** How many there are. */
  readonly listeners: number;
  /** What the zygote has stripped of its types, so that a worker need not have it done again. */
  readonly typescript: StrippedFiles;
}

/** Where a spawned worker finds what it was passed; it is started with its slot and its fork number as arguments. */
export const passed = { scoreboard: 3, briefing: 4, listeners: 5 } as const;

export const encodeBriefing = (briefing: Briefing): Buffer => Buffer.from(JSON.stringify(briefing));

/** In the worker, once. Read from the beginning, wherever its siblings are: they share the descriptor's position. */
export function takeBriefing(): Briefing {
  const bytes = Buffer.alloc(fstatSync(passed.briefing).size);
  readSync(passed.briefing, bytes, 0, bytes.length, 0);
  native.close(passed.briefing);
  return JSON.parse(bytes.toString()) as Briefing;
}
