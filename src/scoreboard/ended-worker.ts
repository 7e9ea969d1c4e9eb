import { constants } from "node:os";
import type { Level } from "../log/levels.ts";
import type { Fields, Log } from "../log/record.ts";
import type { Header } from "./header.ts";
import type { Slots } from "./slots.ts";
import { State, outcomes, type Outcome } from "./states.ts";

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

/** What `native.reap` fills in; kept by the caller, so that reaping allocates nothing. */
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

  /** `exit 3`, `killed by SIGSEGV`. */
  get manner(): string {
    return this.signal === 0 ? `exit ${this.status}` : `killed by ${signalNames.get(this.signal) ?? this.signal}`;
  }

  /** Whether it did what a process does that was attacked, or lost its way: its layout of memory may be known. */
  get hasCrashed(): boolean {
    return crashes.has(this.signal);
  }

  get usage(): Fields {
    return { userMs: this.words[3], systemMs: this.words[4], maxRssKib: this.words[5] };
  }
}

/** Whoever reaps a worker clears up after it: the count of idle ones, the log entry it could not write, its slot. */
export function settleEndedWorker(ended: EndedWorker, slot: number, slots: Slots, header: Header, log: Log): void {
  const state = slots.state(slot);
  if (state === State.starting || state === State.idle) {
    header.uncountIdle(slots.generation(slot));
    reportIdleEnd(ended, slots.generation(slot), log);
  } else if (!slots.reported(slot)) {
    reportConnectionEnd(ended, slot, slots, header, log);
  } else if (ended.signal !== 0) {
    log.warn(`worker ${ended.manner} after its connection`, { role: "worker", pid: ended.pid, ...ended.usage });
  }
  slots.free(slot);
}

function reportIdleEnd(ended: EndedWorker, generation: number, log: Log): void {
  if (ended.status === 0 || ended.signal === constants.signals.SIGTERM) return; // told to leave
  log.warn(`idle worker ended: ${ended.manner}`, { role: "worker", pid: ended.pid, generation, reason: ended.manner });
}

function reportConnectionEnd(ended: EndedWorker, slot: number, slots: Slots, header: Header, log: Log): void {
  const noted = outcomes[slots.outcome(slot)] ?? "none";
  if (noted === "none") header.countEnd(ended.signal === 0 ? "exited" : "killed");
  const reason = noted === "none" ? ended.manner : noted;
  log[levelOfEnd(noted, ended)](`connection ended: ${reason}`, {
    role: "worker",
    pid: ended.pid,
    generation: slots.generation(slot),
    connection: slots.connectionId(slot),
    peer: slots.peer(slot),
    reason,
    ms: slots.age(slot),
    ...ended.usage,
  });
}

function levelOfEnd(noted: Outcome, ended: EndedWorker): Level {
  if (noted !== "none") return endLevels[noted];
  if (ended.signal !== 0) return "error";
  return ended.status === 0 ? "debug" : "warn";
}

/** How loudly each end is logged: what is usual is quiet at the default level. */
export const endLevels: Readonly<Record<Outcome, Level>> = {
  none: "debug",
  completed: "debug",
  drained: "debug",
  "client gone": "info",
  "idle timeout": "info",
  "session timeout": "info",
  "line too long": "info",
  "drain timeout": "warn",
  terminated: "warn",
  "handler error": "error",
  exited: "warn",
  killed: "error",
};
