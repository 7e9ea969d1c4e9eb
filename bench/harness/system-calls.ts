import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { childrenOf, descendantsOf, end, isAlive, start } from "./processes.ts";
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
    await waitForAttached(tracer.stderr, pids);
    await use();
    await detach(tracer);
  } finally {
    await end(tracer);
  }
  return parseTotal(readFileSync(summary, "utf8"));
}

async function waitForAttached(output: Readable | null, pids: readonly number[]): Promise<void> {
  const missing = new Set(pids);
  let told = "";
  const input = output ?? Readable.from([]);
  const timeout = AbortSignal.timeout(attachSeconds * 1000);
  for await (const line of createInterface({ input, signal: timeout })) {
    told = line;
    missing.delete(Number(/Process (\d+) attached/.exec(line)?.[1]));
    // Children of the last connections may end just now.
    for (const pid of missing) if (!isAlive(pid)) missing.delete(pid);
    if (missing.size === 0) {
      output?.resume();
      return;
    }
  }
  throw new Error(`strace could not be attached to all of its processes: ${told}`);
}

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
