import { createRequire } from "node:module";
import { ForkdError } from "./errors.ts";

/** A descriptor, a count or the like; below zero it is `-errno`. */
export type Result = number;

/** One end of a connection, or a listening address, as the kernel names it. */
export interface SocketName {
  readonly family: "ipv4" | "ipv6" | "unix";
  /** An address in figures; for a Unix socket its path, `@` and its name if it is abstract, empty if it has none. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** What a socket is that somebody else has opened. */
export interface SocketKind {
  readonly family: SocketName["family"] | "other";
  readonly kind: "listening stream" | "stream" | "datagram" | "seqpacket" | "raw";
  readonly dualStack: 0 | 1;
}

/** The addon: `native/binding` says what each function does. None of them throws. */
export interface Native {
  listenTcp(family: 4 | 6, host: string, port: number, dualStack: 0 | 1, backlog: number): Result;
  listenUnix(path: string, backlog: number): Result;
  listenAgain(fd: number, backlog: number): Result;
  inspectSocket(fd: number): SocketKind | Result;
  adoptListener(fd: number): Result;
  localName(fd: number): SocketName | Result;
  pendingError(fd: number): Result;
  socketPair(): [number, number] | Result;
  tcpPair(): [number, number] | Result;
  sendDescriptors(fd: number, bytes: Uint8Array, descriptors: readonly number[]): Result;
  receive(fd: number, bytes: Uint8Array, wait: 0 | 1): { length: Result; descriptors: number[] };
  datagramSocket(): Result;
  sendDatagram(fd: number, name: string, bytes: Uint8Array): Result;
  close(fd: number): Result;

  ended(pid: number, ended: Int32Array): Result;
  reap(pid: number): Result;
  pipe(size: number): [number, number] | Result;
  duplicate(descriptor: number, as: number): Result;
  kill(pid: number, signal: number): Result;
  becomeSubreaper(): Result;
  dieWithParent(parent: number, signal: number): Result;
  closeOnExecFrom(first: number): Result;
  lock(fd: number): Result;
  isLocked(fd: number): Result;
  exit(status: number): never;

  createScoreboard(slots: number): Result;
  mapHeader(memfd: number): ArrayBuffer | Result;
  mapSlots(memfd: number, slots: number): ArrayBuffer | Result;
  createRegistry(size: number): Result;
  mapRegistry(memfd: number, size: number): ArrayBuffer | Result;
  ringBell(): void;
  bellCount(): number;
  waitForBell(seen: number, timeout: number): void;
  ringOnSigchld(): Result;
  /** The signal by which a worker hears that its zygote has died. */
  readonly orphaned: number;
  readonly pageSize: number;
  /** How many workers that leave the scoreboard tells of. */
  readonly leaversKept: number;
  readonly headerLayout: Readonly<Record<HeaderField, number>>;
  readonly slotLayout: Readonly<Record<SlotField, number>>;

  slotWindow(): ArrayBuffer | Result;
  configureWorkers(
    memfd: number,
    supervisor: number,
    listeners: readonly number[],
    timeouts: Float64Array,
    limits: Float64Array,
  ): Result;
  prepareFork(close: readonly number[], renew: readonly number[], keepsLoop: 0 | 1): Result;
  takeImage(): Result;
  ringAtFirst(): void;
  fork(slot: number, generation: number, forkNumber: number): Result;
  backendDescriptor(): Result;
  spawn(path: string, args: Uint8Array, variables: Uint8Array, descriptors: readonly number[]): Result;
  exec(path: string, args: Uint8Array, variables: Uint8Array, descriptors: readonly number[]): Result;
  sealed(bytes: Uint8Array): Result;
  mapSlot(memfd: number, slot: number): ArrayBuffer | Result;
  limit(): Result;
  occupy(zygote: number, generation: number, forkNumber: number): Result;
  fillRandom(words: Uint32Array): Result;

  listen(onNotice: () => void, onTrouble: (errno: number) => void, onReadable: () => void): Result;
  accept(): Result;
  peerName(): SocketName;
  watch(fd: number): Result;
  unwatch(): void;
  isDraining(): 0 | 1;
  isCurrent(): 0 | 1;
  recordEnd(outcome: number): void;
  tellEnd(fd: number): Result;
  read(fd: number, bytes: Uint8Array): Result;
  write(fd: number, bytes: Uint8Array, more: 0 | 1): Result;
  writeText(fd: number, text: string, more: 0 | 1): Result;
  readNow(fd: number, bytes: Uint8Array): Result;
  writeNow(fd: number, bytes: Uint8Array, more: 0 | 1): Result;
  writeTextNow(fd: number, text: string, more: 0 | 1): Result;
  finish(fd: number): void;
  abandonOutput(fd: number): void;
  logWrite(fd: number, bytes: Uint8Array): Result;
  writeReady(fd: number, bytes: Uint8Array): Result;
  readLongAgo(): 0 | 1;
  rearmIdle(): void;
  disarm(): void;
  armLast(): void;
  deadlinePassed(): number;
  readClock(ms: Float64Array): void;
}

type HeaderField =
  | "generation"
  | "idle"
  | "spares"
  | "accept_errno"
  | "log_dropped"
  | "leaving"
  | "leavers"
  | "accepted"
  | "ended";
type SlotField =
  | "pid"
  | "state"
  | "outcome"
  | "generation"
  | "fork_number"
  | "served"
  | "peer_length"
  | "reported"
  | "connected_at"
  | "idle_deadline"
  | "session_deadline"
  | "drain_deadline"
  | "bytes_in"
  | "bytes_out"
  | "user_before"
  | "system_before"
  | "peer";

export const native: Native = load();

function load(): Native {
  const file = `../prebuilds/linux-${process.arch}/forkd.node`;
  try {
    return createRequire(import.meta.url)(file) as Native;
  } catch (cause) {
    throw new ForkdError(
      "FORKD_E_SYSTEM",
      `forkd's native addon for linux-${process.arch} cannot be loaded: ${(cause as Error).message.split("\n")[0]}. ` +
        "It needs Linux with glibc on x64 or arm64; in a clone of forkd, 'npm run build:native' builds it.",
      { cause },
    );
  }
}
