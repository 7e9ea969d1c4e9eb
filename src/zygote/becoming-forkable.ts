import { setFlagsFromString } from "node:v8";
import { native } from "../native.ts";
import { slotForTrials } from "../scoreboard/capacity.ts";
import { succeeded } from "../system-error.ts";
import type { Worker } from "../worker/main.ts";
import { rehearse } from "../worker/rehearsal.ts";
import type { DescriptorPlan } from "./descriptors.ts";
import { collectYoungGarbage } from "./garbage.ts";
import { emptyRandomStocks, forgetSeed } from "./randomness.ts";
import { testFork } from "./self-test.ts";

/** Before Node 22 V8 does not optimise early by itself. */
const isPatient = process.versions.node.startsWith("20.");

/** Enough for V8 to have compiled and optimised all of it. How many that are was found by trying: docs/performance.md. */
const manyConnections = isPatient ? 500 : 250;
/** With fewer, after the collection of garbage in their midst, each child takes longer. */
const fewConnections = 100;

/** A fork at a moment when another thread holds a lock leaves a child with a lock that nobody opens. */
const threadPatience = 1000;

/** What is to be seen to before there are children. */
export interface ForkPlan {
  readonly descriptors: DescriptorPlan;
  /** Whether it is not known yet that fork works here. */
  readonly isFirst: boolean;
  /** Whether nothing was left open, such as a thread, that might write to memory meanwhile. */
  readonly isSafe: boolean;
  readonly onRunningThreads: (count: number) => void;
  /** What is to be found out by a fork before all that children would have to clear up is cleared up. */
  readonly onForkable: () => Promise<void>;
}

/**
 * Does once, in the zygote, all that each child would otherwise have to do anew, and leaves nothing behind that a child
 * would have to clear up.
 * @returns why fork does not work here, if it is found out that it does not
 */
export async function becomeForkable(worker: Worker, plan: ForkPlan): Promise<string | undefined> {
  const fork = (): number => native.fork(slotForTrials, 0, 0);
  await timersAtRest();
  await optimisingEarly(() => rehearse(worker, manyConnections));
  succeeded("Handling SIGCHLD", native.ringOnSigchld());
  await prepareFork(plan);
  const failure = plan.isFirst ? await testFork(worker, plan.descriptors.keepsLoop, fork) : undefined;
  if (failure !== undefined) return failure;
  await plan.onForkable();
  emptyRandomStocks(fork);
  forgetSeed();
  await rehearse(worker, fewConnections, collectYoungGarbage);
  const running = await prepareFork(plan);
  if (plan.isSafe && running === 0) native.takeImage(); // if there can be none, forks cost more, and nothing else changes
  return undefined;
}

/**
 * Code that is not optimised counts its calls, each function on a page of its own, and each child would copy all of
 * those pages. V8 that does not optimise as early by itself has to be told, and told to be patient again.
 */
async function optimisingEarly(rehearsal: () => Promise<void>): Promise<void> {
  if (isPatient) setFlagsFromString("--interrupt-budget=5000");
  await rehearsal();
  if (isPatient) setFlagsFromString("--interrupt-budget=67584"); // as it is by default
}

/**
 * A timer that was set and cleared, while the module loaded say, leaves the event loop's own alarm set for it, and that
 * would go off in each child. A shorter timer takes the alarm, and leaves none behind.
 */
const timersAtRest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** In this phase the event loop has no batch of events in hand, which a child would have to share. */
const checkPhase = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Again after a collection of garbage: it may have moved other threads to wait elsewhere.
 * @returns how many of them are running all the same
 */
async function prepareFork({ descriptors: { keepsLoop, close, renew }, onRunningThreads }: ForkPlan): Promise<number> {
  const until = performance.now() + threadPatience;
  for (;;) {
    await checkPhase();
    const running = succeeded("Looking at the threads", native.prepareFork(close, renew, keepsLoop ? 1 : 0));
    if (running > 0 && performance.now() < until) continue;
    if (running > 0) onRunningThreads(running);
    return running;
  }
}
