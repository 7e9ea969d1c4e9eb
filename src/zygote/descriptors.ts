import { constants, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { descriptorFlags } from "../descriptor-flags.ts";
import { native } from "../native.ts";

/** Whether children renew the event loop, and what they do with the descriptors that it inherits, beside keeping the standard ones, the listeners, the user's. */
export interface DescriptorPlan {
  readonly keepsLoop: boolean;
  readonly close: readonly number[];
  /** Event descriptors by which Node wakes threads that a child does not have: a write must find something there. */
  readonly renew: readonly number[];
}

/** The open descriptors, by what they are. */
export type Descriptors = ReadonlyMap<number, string>;

export function listDescriptors(): Descriptors {
  const open = new Map<number, string>();
  for (const name of readdirSync("/proc/self/fd")) {
    const target = readTarget(name);
    if (target !== undefined) open.set(Number(name), target);
  }
  return open;
}

/**
 * Of Node's own descriptors (those that were open before any user code ran) and of forkd's, all; but if the event loop
 * is kept, not those of its own and io_uring's, which `uv_loop_fork` closes and opens anew.
 */
export function planDescriptors(
  node: Descriptors,
  forkd: readonly number[],
  kept: readonly number[],
  keepsLoop: boolean,
): DescriptorPlan {
  const open = listDescriptors();
  const keep = new Set([0, 1, 2, ...kept, ...signalLock(open), ...(keepsLoop ? loopDescriptors(open) : [])]);
  const isLoops = (target: string): boolean => keepsLoop && target === "anon_inode:[io_uring]";
  const shed = [...node].filter(([fd, target]) => open.get(fd) === target && !keep.has(fd) && !isLoops(target));
  const isEvent = (target: string): boolean => target === "anon_inode:[eventfd]";
  return {
    keepsLoop,
    close: [...shed.filter(([, target]) => !isEvent(target)).map(([fd]) => fd), ...forkd],
    renew: shed.filter(([, target]) => isEvent(target)).map(([fd]) => fd),
  };
}

/** The main loop's epoll, what it watches (epoll's fdinfo lists that: proc(5)), and the other ends of watched pipes. */
export function loopDescriptors(open: Descriptors): number[] {
  const epoll = native.backendDescriptor();
  const info = readFileSync(`/proc/self/fdinfo/${epoll}`, "utf8");
  const watched = [...info.matchAll(/^tfd:\s+(\d+)/gm)].map(([, fd]) => Number(fd));
  const pipes = new Set(watched.map((fd) => open.get(fd)).filter((target) => target?.startsWith("pipe:")));
  const ends = [...open].filter(([, target]) => pipes.has(target)).map(([fd]) => fd);
  return [epoll, ...watched, ...ends];
}

/**
 * The pipe that libuv's signal handlers use as their lock: of Node's pipes the only one whose reader waits. At fork(2)
 * libuv replaces it in the child, as a rule under the same numbers; without it the next signal aborts the process.
 */
function signalLock(open: Descriptors): number[] {
  return [...open].filter(([fd, target]) => target.startsWith("pipe:") && isBlocking(fd)).map(([fd]) => fd);
}

const isBlocking = (fd: number): boolean => (descriptorFlags(fd) & constants.O_NONBLOCK) === 0;

function readTarget(name: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return undefined; // the descriptor by which the folder was read
  }
}
