import type { Seen } from "./converse.ts";

/** What the log says of a connection's end. */
export interface Ended {
  readonly peer: string;
  readonly reason: string;
  readonly pid: number;
  readonly connection: string;
  /** Whether it may have been told before, by a zygote that was killed when it had. */
  readonly again: boolean;
}

/** Enough to see what is wrong. */
const keptDeviations = 20;
/** A record that says an end for the second time comes soon after the first. */
const remembered = 1000;

/** Holds what clients saw against what the log says: each connection must have one end, and the right one. */
export class Ledger {
  readonly reasons = new Map<string, number>();
  readonly deviations: string[] = [];
  deviationCount = 0;
  settled = 0;
  /** Clients that were cut because their worker was killed. */
  cut = 0;
  /** Workers that were killed on purpose, until the log says so: pids come again. */
  readonly #killed = new Set<number>();
  /** The connections that ended last. */
  readonly #recent = new Set<string>();
  /** Of these, those that had no connection yet as far as the log knows; but they may have been accepting one. */
  #killedIdle = 0;
  /** By peer, for one that has come before the other: the client's account, and the log's. */
  readonly #seen = new Map<string, Seen[]>();
  readonly #ended = new Map<string, Ended[]>();

  noteKill(pid: number): void {
    this.#killed.add(pid);
  }

  noteIdleEnd(pid: number, message: string): void {
    if (this.#killed.delete(pid)) this.#killedIdle++;
    else this.#deviate(message);
  }

  /** The log says that a worker was killed which had nothing to do any more. */
  noteLateEnd(pid: number, message: string): void {
    if (!this.#killed.delete(pid)) this.#deviate(message);
  }

  onSeen(seen: Seen): void {
    if (seen.peer === undefined) return this.#deviate(`${seen.kind.name}: not connected: ${seen.problem}`);
    const ended = take(this.#ended, seen.peer);
    if (ended === undefined) keep(this.#seen, seen.peer, seen);
    else this.#judge(seen, ended);
  }

  onEnded(ended: Ended): void {
    // Killed just when it had said so itself, a worker's end is said for it once more.
    if (this.#recent.has(ended.connection) && (ended.again || this.#killed.delete(ended.pid))) return;
    this.#remember(ended.connection);
    this.reasons.set(ended.reason, (this.reasons.get(ended.reason) ?? 0) + 1);
    const seen = take(this.#seen, ended.peer);
    if (seen === undefined) keep(this.#ended, ended.peer, ended);
    else this.#judge(seen, ended);
  }

  /** Anything else that should not be in the log. */
  onOddity(message: string): void {
    this.#deviate(message);
  }

  /** At the end, when no more can come. */
  close(): void {
    for (const { kind, peer, problem } of [...this.#seen.values()].flat()) {
      const mayBeCut = problem !== undefined || kind.isCut === true;
      if (mayBeCut && this.#killedIdle-- > 0) this.cut++;
      else this.#deviate(`${kind.name}: ${peer} is not in the log; it saw ${problem ?? "nothing wrong"}`);
    }
    for (const { peer, reason, connection } of [...this.#ended.values()].flat()) {
      this.#deviate(`the log has an end too many, of connection ${connection}, ${peer}: ${reason}`);
    }
  }

  #remember(connection: string): void {
    this.#recent.add(connection);
    const [oldest] = this.#recent;
    if (this.#recent.size > remembered && oldest !== undefined) this.#recent.delete(oldest);
  }

  #judge({ kind, peer, problem }: Seen, { reason, pid }: Ended): void {
    this.settled++;
    if (reason === "killed by SIGKILL" && this.#killed.delete(pid)) this.cut++;
    else if (!kind.reasons.includes(reason))
      this.#deviate(`${kind.name}: ${peer} ended by ${reason}; it saw ${problem}`);
    else if (problem !== undefined) this.#deviate(`${kind.name}: ${peer}, ${reason}: ${problem}`);
  }

  #deviate(message: string): void {
    this.deviationCount++;
    if (this.deviations.length < keptDeviations) this.deviations.push(message);
  }
}

function keep<T>(map: Map<string, T[]>, peer: string, account: T): void {
  const kept = map.get(peer);
  if (kept === undefined) map.set(peer, [account]);
  else kept.push(account);
}

function take<T>(map: Map<string, T[]>, peer: string): T | undefined {
  const kept = map.get(peer);
  const first = kept?.shift();
  if (kept?.length === 0) map.delete(peer);
  return first;
}
