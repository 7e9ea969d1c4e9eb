import { constants, fstatSync, type Stats } from "node:fs";
import { descriptorFlags } from "../descriptor-flags.ts";
import { listDescriptors, loopDescriptors, type Descriptors } from "./descriptors.ts";
import { openAfterFork } from "./resource-kinds.ts";

/** A descriptor that workers must not share. */
export interface DescriptorHazard {
  readonly fd: number;
  readonly target: string;
  readonly name: string;
  readonly advice: string;
}

/** Of the descriptors that were opened since `before`, forkd's `own` apart, those that are not safe to share. */
export function findDescriptorHazards(before: Descriptors, own: ReadonlySet<number>): DescriptorHazard[] {
  const open = listDescriptors();
  const watched = new Set(loopDescriptors(open));
  return [...open]
    .filter(([fd, target]) => fd > 2 && before.get(fd) !== target && !own.has(fd) && !isLibuvs(target, watched.has(fd)))
    .flatMap(([fd, target]) => hazardOf(fd, target) ?? []);
}

/** libuv opens an inotify for the first watcher, keeps it when there is none any more, and gives each child one of its own. */
const isLibuvs = (target: string, isWatched: boolean): boolean =>
  target === "anon_inode:[io_uring]" || (target === "anon_inode:inotify" && isWatched);

function hazardOf(fd: number, target: string): DescriptorHazard | undefined {
  const stats = fstatSync(fd);
  if (stats.isDirectory() || harmlessDevices.has(target) || isMemory(target)) return undefined;
  if (!stats.isFile()) return { fd, target, name: nameOf(target, stats), advice: openAfterFork };
  if (!isWrittenInPlace(fd)) return undefined;
  return { fd, target, name: "a file open for writing", advice: `${openAfterFork}, or here for appending` };
}

const harmlessDevices = new Set(["null", "zero", "full", "random", "urandom"].map((name) => `/dev/${name}`));

/** memfd_create(2): of a library that maps it. */
const isMemory = (target: string): boolean => target.startsWith("/memfd:");

/** Appends of several processes come one after another; other writes share one position in the file. */
function isWrittenInPlace(fd: number): boolean {
  const flags = descriptorFlags(fd);
  const isWritable = (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
  return isWritable && (flags & constants.O_APPEND) === 0;
}

function nameOf(target: string, stats: Stats): string {
  if (stats.isSocket()) return "a socket";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return "a device";
  return `a kernel object, ${target.replace(/^anon_inode:\[?|\]$/g, "")}`;
}
