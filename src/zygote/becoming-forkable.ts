import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import type { Worker } from "../worker/main.ts";
import { rehearse } from "../worker/rehearsal.ts";
import type { DescriptorPlan } from "./descriptors.ts";
import { emptyRandomStocks } from "./randomness.ts";

/** Enough for V8 to have compiled all of it. */
const manyConnections = 30;
/** Enough to restore what the collection of garbage took for dead: what V8 had learned of objects' shapes. */
const fewConnections = 100;

/**
 * Does once, in the zygote, all that each child would otherwise have to do anew, and leaves nothing behind that a child
 * would have to clear up.
 */
export async function becomeForkable(worker: Worker, plan: DescriptorPlan): Promise<void> {
  await rehearse(worker, manyConnections);
  await checkPhase();
  succeeded("Handling SIGCHLD", native.ringOnSigchld());
  prepareFork(plan);
  const slotForTrials = worker.settings.maxConnections;
  emptyRandomStocks(() => native.fork(slotForTrials, 0, 0));
  collectGarbage();
  await rehearse(worker, fewConnections);
  await checkPhase();
  prepareFork(plan);
}

/** The name that the zygote's flags give V8's `gc`: not the usual one, by which libraries look for it. */
function collectGarbage(): void {
  (globalThis as { collectGarbageForFork?: () => void }).collectGarbageForFork?.();
}

/** In this phase the event loop has no batch of events in hand, which a child would have to share. */
const checkPhase = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Again after a collection of garbage: it may have moved other threads to wait elsewhere. */
function prepareFork({ keepsLoop, close, renew }: DescriptorPlan): void {
  succeeded("Looking at the threads", native.prepareFork(close, renew, keepsLoop ? 1 : 0));
}
