import { setFlagsFromString } from "node:v8";
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
  optimiseEarly();
  await rehearse(worker, manyConnections);
  await checkPhase();
  succeeded("Handling SIGCHLD", native.ringOnSigchld());
  prepareFork(plan);
  const slotForTrials = worker.settings.maxConnections;
  emptyRandomStocks(() => native.fork(slotForTrials, 0, 0));
  collectGarbage();
  await rehearse(worker, fewConnections);
  optimiseInTime();
  await checkPhase();
  prepareFork(plan);
}

/**
 * Code that is not optimised counts its calls, each function in a page of its own: a child would copy all of those
 * pages. From Node 22 on V8 optimises early by itself.
 */
function optimiseEarly(): void {
  if (isNode20) setFlagsFromString("--interrupt-budget=5000");
}

function optimiseInTime(): void {
  if (isNode20) setFlagsFromString(`--interrupt-budget=${66 * 1024}`); // what it is by default
}

const isNode20 = process.versions.node.startsWith("20.");

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
