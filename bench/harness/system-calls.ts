import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { childrenOf, descendantsOf, end, start } from "./processes.ts";
import type { Server } from "./server.ts";
import type { Tools } from "./tools.ts";

const attachSeconds = 30;
const detachSeconds = 60;

/** How many system calls all processes of a server make while `use` runs. strace slows them down, but adds none. */
export async function countSystemCalls(
  strace: string,
  tools: Tools,
  server: Server,
  use: () => Promise<unknown>,
): Promise<number> {
  const summary = join(tools.folder, "strace.summary");
  const pids = descendantsOf(server.leash);
  const args = ["-f", "-c", "-o", summary, ...pids.flatMap((pid) => ["-p", String(pid)])];
  const tracer = start(tools.leash, strace, args, { stdio: ["ignore", "ignore", "pipe"] });
  try {
    await waitForAttached(tracer, pids);
    await use();
    await detach(tracer);
  } finally {
    await end(tracer);
  }
  return parseTotal(readFileSync(summary, "utf8"));
}

async function waitForAttached(tracer: ChildProcess, pids: readonly number[]): Promise<void> {
  let told = "";
  tracer.stderr?.on("data", (chunk: Buffer) => (told = chunk.toString()));
  const until = performance.now() + attachSeconds * 1000;
  while (pids.some(hasUntracedThread)) {
    if (tracer.exitCode !== null || performance.now() > until)
      throw new Error(`strace could not be attached to all of its processes: ${told}`);
    await setTimeout(50);
  }
}

/** A process that has ended meanwhile has none. */
function hasUntracedThread(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => isUntraced(`/proc/${pid}/task/${thread}`));
  } catch {
    return false;
  }
}

const isUntraced = (thread: string): boolean =>
  /^State:\t[^ZX][^]*^TracerPid:\t0$/m.test(readFileSync(`${thread}/status`, "utf8"));

// Letting many threads go may take it longer than a leash is patient.
async function detach(tracer: ChildProcess): Promise<void> {
  const ended = once(tracer, "exit", { signal: AbortSignal.timeout(detachSeconds * 1000) });
  for (const pid of childrenOf(tracer.pid)) process.kill(pid, "SIGINT");
  await ended;
}

// The columns of the last line: share of time, seconds, microseconds for each, calls, perhaps errors, "total".
function parseTotal(summary: string): number {
  const total = /^\s*\S+\s+\S+\s+\S+\s+(\d+)\s+(?:\d+\s+)?total\s*$/m.exec(summary)?.[1];
  if (total === undefined) throw new Error(`strace counted no system calls: ${summary}`);
  return Number(total);
}
