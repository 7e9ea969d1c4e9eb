/**
 * What the daemon as a whole is doing. While it is `renewing`, the next zygote gets ready beside the one that forks; in
 * `handingOver` that one has been told to retire; in `restarting` nobody forks, or the next one is about to; `upgrading` the supervisor becomes
 * another program as soon as its zygote has retired.
 */
export type State =
  | "starting"
  | "serving"
  | "renewing"
  | "handingOver"
  | "restarting"
  | "upgrading"
  | "draining"
  | "stopping"
  | "stopped";

/**
 * What can happen to it: the zygote has found out that it is `unforkable`; it is `prepared` to fork, is `ready` (its spares
 * are there), has `failed` to load the module, or is `lost` (its process has ended); the same of the one that gets ready
 * beside it is `nextPrepared` and `nextLost`; zygotes crash so often that it is `hopeless`; the zygote is to be replaced, by
 * one with another layout (`rotate`), or with the module and the options as they are now (`reload`), or the supervisor by another program (`upgrade`), which has come to
 * nothing (`notUpgraded`); somebody wants a `drain` or an immediate `stop`; the drain is `overdue`; no process is left (`empty`).
 */
export type Event =
  | "unforkable"
  | "prepared"
  | "ready"
  | "failed"
  | "lost"
  | "nextPrepared"
  | "nextLost"
  | "hopeless"
  | "rotate"
  | "reload"
  | "upgrade"
  | "notUpgraded"
  | "drain"
  | "stop"
  | "overdue"
  | "empty";

/** What is to be done about it. */
export type Action =
  | "startOver"
  | "letFork"
  | "announce"
  | "respawn"
  | "rotate"
  | "reload"
  | "retire"
  | "promote"
  | "takeOver"
  | "become"
  | "giveUp"
  | "drain"
  | "drainOrphans"
  | "kill"
  | "finish";

export interface Transition {
  readonly to: State;
  readonly action?: Action;
}

const drain: Transition = { to: "draining", action: "drain" };
const kill: Transition = { to: "stopping", action: "kill" };
const finish: Transition = { to: "stopped", action: "finish" };
const hopeless: Transition = { to: "draining", action: "giveUp" };
const respawn: Transition = { to: "restarting", action: "respawn" };
const promote: Transition = { to: "restarting", action: "promote" };

/** The supervisor, as data: what each event does in each state. An event without an entry changes nothing. */
export const lifecycle: Readonly<Record<State, Partial<Record<Event, Transition>>>> = {
  starting: {
    unforkable: { to: "starting", action: "startOver" },
    prepared: { to: "starting", action: "letFork" },
    ready: { to: "serving", action: "announce" },
    failed: kill,
    lost: kill,
    drain: kill,
    stop: kill,
  },
  serving: {
    lost: respawn,
    hopeless,
    rotate: { to: "renewing", action: "rotate" },
    reload: { to: "renewing", action: "reload" },
    upgrade: { to: "upgrading", action: "retire" },
    drain,
    stop: kill,
  },
  renewing: {
    nextPrepared: { to: "handingOver", action: "retire" },
    nextLost: { to: "serving" },
    lost: promote,
    hopeless,
    drain,
    stop: kill,
  },
  handingOver: { nextLost: { to: "serving" }, lost: promote, hopeless, drain, stop: kill },
  restarting: {
    unforkable: { to: "restarting", action: "startOver" },
    prepared: { to: "restarting", action: "letFork" },
    ready: { to: "serving", action: "takeOver" },
    lost: respawn,
    hopeless,
    drain,
    stop: kill,
  },
  upgrading: { lost: { to: "upgrading", action: "become" }, notUpgraded: respawn, hopeless, drain, stop: kill },
  draining: { drain: kill, stop: kill, overdue: kill, lost: { to: "draining", action: "drainOrphans" }, empty: finish },
  stopping: { lost: kill, empty: finish },
  stopped: {},
};

const inService: ReadonlySet<State> = new Set(["serving", "renewing", "handingOver", "restarting", "upgrading"]);

/** Whether it serves, or will again. */
export const isInService = (state: State): boolean => inService.has(state);
