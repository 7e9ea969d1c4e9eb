/**
 * What a supervisor leaves to the program that it becomes (execve(2)): another forkd, on another Node perhaps. Its pid stays
 * the same, and so do its children; its descriptors stay open that are named here, with the lock and the listening sockets.
 */
import { fstatSync, readSync } from "node:fs";
import type { ListenAddress } from "../config/address.ts";
import type { Origins, Settings, Sources } from "../config/settings.ts";
import { native } from "../native.ts";
import { mostConnections } from "../scoreboard/capacity.ts";
import { outcomes, State } from "../scoreboard/states.ts";
import { succeeded } from "../system-error.ts";
import type { LogPipe } from "./log-pipe.ts";
import type { Supervisor } from "./supervisor.ts";

export interface Handover {
  /** Whoever has another one does not understand what follows. */
  readonly format: string;
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  readonly isDetached: boolean;
  readonly runtimeBase: string;
  /** Sockets that the process was started with; the variables that say so are there still. */
  readonly passed: readonly number[];
  /** What the daemon is called, and that nobody else may be: also of one that starts anew. One that is only tried does not look at it. */
  readonly instance: HandedInstance | null;
  /** Of a daemon that goes on; nothing of one that starts anew. */
  readonly daemon: HandedDaemon | null;
}

export interface HandedInstance {
  readonly name: string;
  /** The descriptor that has the lock. */
  readonly pidFile: number;
  readonly since: string;
}

/** A daemon in the middle of its life. */
export interface HandedDaemon {
  readonly settings: Settings;
  readonly origins: Origins;
  /** Of the zygote that was started last. */
  readonly generation: number;
  readonly restarts: number;
  readonly upgrades: number;
  readonly listeners: readonly HandedListener[];
  readonly scoreboard: number;
  readonly registry: number;
  readonly logPipe: LogPipe;
  /** Of the log: what has come of a line that has not come to its end. */
  readonly logRest: string;
}

/** What of a daemon goes over with its log. */
export type HandedLog = Pick<HandedDaemon, "logPipe" | "logRest">;

export interface HandedListener {
  readonly fd: number;
  readonly address: ListenAddress;
  readonly wanted: string | null;
}

/** Workers write by these rules, and whoever takes them over reads by them: a number for this format, and the layout. */
export const format = JSON.stringify([2, native.headerLayout, native.slotLayout, State, outcomes, mostConnections]);

/** @param log - Where the log stands, of a daemon that is to go on. */
export function handoverOf(supervisor: Supervisor, log?: HandedLog): Handover {
  const { parts, presence, service, zygotes, crashes, succession } = supervisor;
  const { planner, runtimeBase } = parts;
  const { modulePath, flags, isDetached } = planner.parts;
  const passed = service?.plan.listeners.passed ?? [];
  const instance = presence.instance?.handover ?? null;
  const request = { format, modulePath, flags, isDetached, runtimeBase, passed, instance };
  if (service === undefined || log === undefined) return { ...request, daemon: null };
  const { plan, memfds } = service;
  const { settings, origins, listeners } = plan;
  const [scoreboard, registry] = memfds;
  const progress = {
    generation: zygotes.generation,
    restarts: crashes.count,
    upgrades: succession.count,
  };
  const descriptors = { listeners: listeners.handover, scoreboard, registry };
  return { ...request, daemon: { settings, origins, ...progress, ...descriptors, ...log } };
}

/** A descriptor of memory that holds it. */
export const seal = (handover: Handover): number =>
  succeeded("Writing the handover", native.sealed(Buffer.from(JSON.stringify(handover))));

/** What the program was handed by the one that it was before. */
export function readHandover(fd: number): Handover {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  readSync(fd, bytes, 0, bytes.length, 0);
  return JSON.parse(bytes.toString()) as Handover;
}

/** The descriptors that are to stay open. */
export function descriptorsOf({ passed, instance, daemon }: Handover): number[] {
  const lock = instance === null ? [] : [instance.pidFile];
  if (daemon === null) return [...passed, ...lock];
  const { listeners, scoreboard, registry, logPipe } = daemon;
  return [...listeners.map(({ fd }) => fd), ...lock, scoreboard, registry, ...logPipe];
}
