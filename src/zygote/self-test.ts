import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { endOnOneselfOnly, type Worker } from "../worker/main.ts";
import { collectAllGarbage } from "./garbage.ts";
import { waitForTrial } from "./trial.ts";

const patience = 5000;

/** What only a child exits with that got through all of it. */
const passed = 42;

/**
 * Whether a forked process works on this Node, this libc, this kernel: a child on trial does what workers do, and comes
 * to its end, or does not.
 * @returns why fork does not work here; undefined if it does
 */
export async function testFork(worker: Worker, usesLoop: boolean, fork: () => number): Promise<string | undefined> {
  const pid = succeeded("Forking", fork());
  if (pid === 0) return runTrial(worker, usesLoop);
  const ended = waitForTrial(pid, patience);
  if (ended === undefined) return `a process forked on trial hung, and was killed after ${patience / 1000}s`;
  return ended.status === passed ? undefined : `a process forked on trial ended: ${ended.manner}`;
}

async function runTrial(worker: Worker, usesLoop: boolean): Promise<never> {
  endOnOneselfOnly(worker);
  try {
    litter();
    collectAllGarbage();
    if (usesLoop) await Promise.all([setTimeout(1), drawFromThreadpool(), transfer()]);
    litter();
  } catch (error) {
    worker.pipeLog.log.error("a process forked on trial failed", { err: error });
    native.exit(1);
  }
  return native.exit(passed);
}

/** Enough for V8 to collect young garbage a few times, with some that lives and moves. */
function litter(): void {
  const living: object[] = [];
  for (let count = 0; count < 20_000; count++) {
    const one = { count, name: `object ${count}`, numbers: [count, count + 1] };
    if (count % 16 === 0) living.push(one);
  }
  if (living.length === 0) throw new Error("what lives was collected");
}

async function drawFromThreadpool(): Promise<void> {
  await Promise.all([promisify(randomBytes)(1024), readFile("/proc/self/stat")]);
}

/** What a request and its answer take: a connection, both ends of it here, and more than fits its buffers. */
async function transfer(): Promise<void> {
  const [here, there] = succeeded("Making a pair of sockets", native.socketPair());
  const size = 256 * 1024;
  new Socket({ fd: here }).end(Buffer.alloc(size));
  let received = 0;
  for await (const chunk of new Socket({ fd: there, writable: false })) received += (chunk as Buffer).length;
  if (received !== size) throw new Error(`of ${size} bytes that were sent, ${received} were received`);
}
