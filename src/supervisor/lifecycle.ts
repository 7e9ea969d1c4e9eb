/** What the daemon as a whole is doing. */
export type State = "starting" | "serving" | "restarting" | "draining" | "stopping" | "stopped";

/**
 * What can happen to it: the zygote is `ready`, has `failed` to load the module, or is `lost` (its process has ended);
 * somebody wants a `drain` or an immediate `stop`; the drain is `overdue`; no process is left (`empty`).
 */
export type Event = "ready" | "failed" | "lost" | "drain" | "stop" | "overdue" | "empty";

/** What is to be done about it. */
export type Action = "announce" | "respawn" | "retire" | "drain" | "drainOrphans" | "kill" | "finish";

export interface Transition {
  readonly to: State;
  readonly action?: Action;
}

const drain: Transition = { to: "draining", action: "drain" };
const kill: Transition = { to: "stopping", action: "kill" };
const finish: Transition = { to: "stopped", action: "finish" };

/** The supervisor, as data: what each event does in each state. An event without an entry changes nothing. */
export const lifecycle: Readonly<Record<State, Partial<Record<Event, Transition>>>> = {
  starting: { ready: { to: "serving", action: "announce" }, failed: kill, lost: kill, drain: kill, stop: kill },
  serving: { lost: { to: "restarting", action: "respawn" }, drain, stop: kill },
  restarting: {
    ready: { to: "serving", action: "retire" },
    lost: { to: "restarting", action: "respawn" },
    drain,
    stop: kill,
  },
  draining: { drain: kill, stop: kill, overdue: kill, lost: { to: "draining", action: "drainOrphans" }, empty: finish },
  stopping: { lost: kill, empty: finish },
  stopped: {},
};
