import { constants } from "node:os";
import type { Level } from "../log/levels.ts";
import type { Fields } from "../log/record.ts";
import { shownPeer } from "../log/peer.ts";
import { native } from "../native.ts";
import type { Keeper } from "./keeper.ts";
import { limitKilledAt } from "./limits.ts";
import { State, outcomes, type Outcome } from "./states.ts";
import { usageSince, type Usage } from "./usage.ts";

const signalNames = new Map(
  // Reversed: of two names of a number the first is kept, SIGABRT before SIGIOT.
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

const crashes: ReadonlySet<number> = new Set([
  constants.signals.SIGSEGV,
  constants.signals.SIGBUS,
  constants.signals.SIGILL,
  constants.signals.SIGABRT,
]);

/** Made once: whoever has many workers is not to make garbage for each. */
const toldOnce: Fields = {};
const toldAgain: Fields = { again: true };

const overstay = "its exit listeners took longer than drainTimeout";

/** What `native.ended` fills in; kept by the caller, so that looking allocates nothing. */
export class EndedWorker {
  readonly words = new Int32Array(6);

  get pid(): number {
    return this.words[0] as number;
  }

  get status(): number {
    return this.words[1] as number;
  }

  get signal(): number {
    return this.words[2] as number;
  }

  /** `exit 3`, `killed by SIGSEGV`; SIGALRM is for who was still there at its last deadline (`fk_deadlines_arm_last`). */
  get manner(): string {
    if (this.signal === constants.signals.SIGALRM) return overstay;
    return this.signal === 0 ? `exit ${this.status}` : `killed by ${signalNames.get(this.signal) ?? this.signal}`;
  }

  /** Whether it did what a process does that was attacked, or lost its way: its layout of memory may be known. */
  get hasCrashed(): boolean {
    return crashes.has(this.signal);
  }

  get cpuMs(): number {
    return (this.words[3] as number) + (this.words[4] as number);
  }

  get usage(): Usage {
    const [, , , userMs = 0, systemMs = 0, maxRssKib = 0] = this.words;
    return { userMs, systemMs, maxRssKib };
  }

  /** What it exited with, or was killed by. */
  get ending(): Fields {
    return this.signal === 0 ? { status: this.status } : { signal: signalNames.get(this.signal) ?? this.signal };
  }
}

/**
 * Ends what a worker's programs have come to, before it is reaped: until then nobody else can have its number, nor the
 * group that goes by it.
 */
export function killGroup(worker: number): void {
  native.kill(-worker, constants.signals.SIGKILL);
}

/**
 * Whoever has a worker clears up after it, before it is reaped: the count of idle ones, the log entry that it could not write,
 * its slot. If that process dies meanwhile, the next one finds the worker where it was, and tells of its end once more,
 * rather than not at all.
 */
export function settleEndedWorker(ended: EndedWorker, slot: number, keeper: Keeper): void {
  const { registry, slots, header } = keeper;
  const generation = registry.generation(slot);
  const again = registry.mayBeTold(slot) ? toldAgain : toldOnce;
  registry.beginTelling(slot);
  if (slots.state(slot) === State.dismissed) {
    header.uncountIdle(generation);
  } else if (slots.isIdle(slot)) {
    header.uncountIdle(generation);
    if (!isOfStop(ended, keeper)) reportIdleEnd(ended, slot, keeper, again);
  } else if (!slots.reported(slot)) {
    reportConnectionEnd(ended, slot, keeper, again);
  } else if (ended.signal !== 0) {
    reportLateEnd(ended, slot, keeper, again);
  }
  registry.clear(slot);
}

const isOfStop = ({ signal }: EndedWorker, { isStopping }: Keeper): boolean =>
  isStopping === true && signal === constants.signals.SIGKILL;

/** The connection's end is told already. */
function reportLateEnd(ended: EndedWorker, slot: number, { registry, log }: Keeper, again: Fields): void {
  log.warn(`worker ended after its connection: ${ended.manner}`, {
    role: "worker",
    pid: ended.pid,
    generation: registry.generation(slot),
    reason: ended.manner,
    ...ended.usage,
    ...again,
  });
}

function reportIdleEnd(ended: EndedWorker, slot: number, keeper: Keeper, again: Fields): void {
  const { registry, slots, settings, log } = keeper;
  if (wasToldToLeave(ended, slots.isStarting(slot), slots.pid(slot) !== 0)) return;
  const isOutOfMemory = outcomes[slots.outcome(slot)] === "memory limit";
  const reason = isOutOfMemory ? "memory limit" : (limitKilledAt(ended, settings) ?? ended.manner);
  log.warn(`idle worker ended: ${reason}`, {
    role: "worker",
    pid: ended.pid,
    generation: registry.generation(slot),
    reason,
    ...again,
  });
}

/** Who has lost its zygote before it was in its slot leaves, or is ended by the signal that says so. */
function wasToldToLeave({ status, signal }: EndedWorker, isStarting: boolean, isInSlot: boolean): boolean {
  if (signal === constants.signals.SIGTERM) return true;
  if (isStarting && !isInSlot) return status === 0 || signal === native.orphaned;
  return status === 0 && !isStarting;
}

function reportConnectionEnd(ended: EndedWorker, slot: number, keeper: Keeper, again: Fields): void {
  const { registry, slots, header, settings, log } = keeper;
  const noted = outcomes[slots.outcome(slot)] ?? "none";
  const outcome = noted === "none" ? outcomeUnnoted(ended, keeper) : noted;
  if (slots.noteOutcome(slot, outcome)) header.countEnd(outcome);
  const reason = outcome === "exited" || outcome === "killed" ? ended.manner : outcome;
  const level = levelOfEnd(outcome, ended);
  if (level === "info" && !settings.connectionLog) return;
  log[level](`connection ended: ${reason}`, {
    role: "worker",
    pid: ended.pid,
    generation: registry.generation(slot),
    connection: slots.connectionId(slot),
    peer: shownPeer(slots.peer(slot), settings),
    reason,
    ...ended.ending,
    ms: slots.age(slot),
    bytesIn: slots.bytesIn(slot),
    bytesOut: slots.bytesOut(slot),
    ...usageSince(slots.usedBefore(slot), ended.usage),
    ...again,
  });
}

/** What the wait status tells. */
function outcomeUnnoted(ended: EndedWorker, keeper: Keeper): Outcome {
  if (isOfStop(ended, keeper)) return "terminated";
  return limitKilledAt(ended, keeper.settings) ?? (ended.signal === 0 ? "exited" : "killed");
}

const levelOfEnd = (outcome: Outcome, { status }: EndedWorker): Level =>
  outcome === "exited" && status === 0 ? "info" : endLevels[outcome];

/** How loudly each end is logged: what is usual only if connections are logged, at "info". */
export const endLevels: Readonly<Record<Outcome, Level>> = {
  none: "info",
  completed: "info",
  drained: "info",
  "client gone": "info",
  "idle timeout": "info",
  "session timeout": "info",
  "line too long": "info",
  "drain timeout": "warn",
  terminated: "warn",
  "memory limit": "error",
  "cpu limit": "error",
  "open files limit": "error",
  "file size limit": "error",
  "processes limit": "error",
  "handler error": "error",
  exited: "warn",
  killed: "error",
};
