/**
 * The processes that the benchmark starts. Each is held on a leash (leash.c), which ends when nothing is left of what
 * it holds. None outlives the benchmark, however that ends.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const leashes = new Set<ChildProcess>();

process.once("exit", () => {
  for (const leash of leashes) leash.kill("SIGQUIT");
  // No promise is kept any more: look until nobody is there.
  for (const leash of leashes) while (readProcess(leash.pid ?? 0) !== undefined);
});

/** Starts a program on a leash, in a session of its own so that Ctrl-C does not reach it. */
export function start(leash: string, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(leash, [program, ...args], { ...options, detached: true });
  leashes.add(child);
  child.once("exit", () => leashes.delete(child));
  return child;
}

/** Asks the program to end, and returns when neither it nor anything it started is left. */
export async function end(leash: ChildProcess): Promise<void> {
  if (!leashes.has(leash)) return;
  const exit = once(leash, "exit");
  leash.kill("SIGTERM");
  await exit;
}

/** The first line that a program writes on a descriptor; throws if it ends without one, or takes too long. */
export async function waitForLine(leash: ChildProcess, fd: 1 | 3, seconds: number): Promise<string> {
  const input = leash.stdio[fd];
  if (!(input instanceof Readable)) throw new Error(`Descriptor ${fd} of process ${leash.pid} is not a pipe.`);
  const timeout = AbortSignal.timeout(seconds * 1000);
  for await (const line of createInterface({ input, signal: timeout })) return line;
  throw new Error(timeout.aborted ? `It wrote no line within ${seconds} s.` : "It ended before it wrote a line.");
}

/** The pids of the program and of all that descend from it. */
export function descendantsOf(leash: ChildProcess): number[] {
  const processes = readProcesses();
  const found = new Set(childrenAmong(processes, leash.pid));
  // A set's iteration also visits what is added meanwhile.
  for (const pid of found) for (const child of childrenAmong(processes, pid)) found.add(child);
  return [...found];
}

/** The pids of a process's children. */
export function childrenOf(pid: number | undefined): number[] {
  return childrenAmong(readProcesses(), pid);
}

export function isAlive(pid: number): boolean {
  return readProcess(pid) !== undefined;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function readProcesses(): Process[] {
  return readdirSync("/proc").flatMap((name) => readProcess(Number(name)) ?? []);
}

function childrenAmong(processes: readonly Process[], parent: number | undefined): number[] {
  return processes.filter((process) => process.parent === parent).map(({ pid }) => pid);
}

// After the name, which stands in parentheses and may hold anything, come the state and the parent. Zombies are dead.
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : { pid, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
