import { many } from "../supervisor/conversation.ts";
import { waitFor } from "../support/wait-for.ts";
import { converse, type Seen } from "./converse.ts";
import { holdingsOf, type Holdings } from "./growth.ts";
import { Killer } from "./killer.ts";
import { kindOf, type Kind } from "./kinds.ts";
import { Ledger } from "./ledger.ts";
import { SoakedDaemon, type SoakedTask } from "./soaked-daemon.ts";
import { Watch } from "./watch.ts";

export interface Task extends SoakedTask {
  readonly connections: number;
  /** In ms. */
  readonly duration: number;
  readonly interrupted: AbortSignal;
}

/** What is known so far, or in the end. */
export interface Tally {
  readonly task: Task;
  readonly ledger: Ledger;
  readonly killer: Killer;
  readonly watch: Watch;
  readonly startedAt: number;
  done: number;
  before: readonly (Holdings | undefined)[];
  after: readonly (Holdings | undefined)[];
}

/** Soaks one daemon. What is not as it should be is in the ledger. */
export async function soak(task: Task, onProgress: (tally: Tally) => void): Promise<Tally> {
  const ledger = new Ledger();
  const daemon = await SoakedDaemon.start(task, ledger);
  const watch = new Watch(daemon);
  const killer = new Killer(daemon, ledger);
  const startedAt = performance.now();
  const tally: Tally = { task, ledger, killer, watch, startedAt, done: 0, before: [], after: [] };
  const timer = setInterval(() => onProgress(tally), 1000);
  try {
    await drive(daemon, tally);
    await daemon.waitForRest(); // a client may be through before its worker is
    if (!task.interrupted.aborted) await checkRest(daemon, tally);
  } catch (error) {
    ledger.onOddity(String(error));
  }
  clearInterval(timer);
  watch.stop();
  const status = await daemon.stop();
  if (status !== 0) ledger.onOddity(`the daemon ended with status ${status}`);
  ledger.close();
  return tally;
}

async function drive(daemon: SoakedDaemon, tally: Tally): Promise<void> {
  const { connections, duration, interrupted } = tally.task;
  const { atOnce, warmUp } = daemon.terms;
  const isOver = (): boolean => interrupted.aborted || performance.now() - tally.startedAt > duration;
  const one = async (index: number): Promise<void> => {
    if (isOver()) return;
    tally.ledger.onSeen(await converse(daemon.port, kindOf(index), index));
    tally.done++;
  };
  await many(Math.min(warmUp, connections), atOnce, one);
  if (interrupted.aborted) return;
  await daemon.waitForRest();
  tally.before = [daemon.supervisor, daemon.zygote ?? 0].map(holdingsOf);
  await many(Math.max(0, connections - warmUp), atOnce, async (index) => {
    await one(warmUp + index);
    if (!isOver()) tally.killer.onConnection(index);
  });
}

/** That nothing is left over: processes, descriptors, slots. */
async function checkRest(daemon: SoakedDaemon, tally: Tally): Promise<void> {
  const { ledger } = tally;
  tally.after = [daemon.supervisor, daemon.zygote ?? 0].map(holdingsOf);
  for (const [index, role] of ["supervisor", "zygote"].entries()) {
    const [before, after] = [tally.before[index]?.descriptors, tally.after[index]?.descriptors];
    if (before !== after) ledger.onOddity(`the ${role} had ${before} descriptors, and has ${after}`);
  }
  for (const seen of await fillAllSlots(daemon)) ledger.onSeen(seen);
  await daemon.waitForRest();
  for (const problem of tally.watch.problems) ledger.onOddity(problem);
}

/** As many connections at once as are allowed: if a slot were lost, one of them would be left hanging. */
async function fillAllSlots({ port, terms: { maxConnections } }: SoakedDaemon): Promise<Seen[]> {
  let waiting = 0;
  const kind: Kind = {
    name: "a connection in each slot",
    weight: 0,
    manner: "talk",
    lines: () => ["upper here", "upper gone"],
    answers: () => ["HERE", "GONE"],
    reasons: ["completed"],
    pause: () => {
      waiting++;
      return waitFor(`${maxConnections} connections at once`, () => waiting >= maxConnections);
    },
  };
  return many(maxConnections, maxConnections, (index) => converse(port, kind, index));
}
