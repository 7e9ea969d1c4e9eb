import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** What proc_pid_stat(5) and proc_pid_status(5) tell of a process; undefined once it is gone. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Of its program, cut at 15 letters. */
  readonly name: string;
  /** `R`, `S`, `Z` for a zombie, … */
  readonly state: string;
  readonly cpuTicks: number;
}

export function processInfo(pid: number): ProcessInfo | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent = "0"] = fields;
  return { pid, parent: Number(parent), name, state, cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

export const isAlive = (pid: number): boolean => !["Z", "X", undefined].includes(processInfo(pid)?.state);

export function childrenOf(pid: number): number[] {
  const text = readOrUndefined(`/proc/${pid}/task/${pid}/children`)?.trim() ?? "";
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Processes, zombies apart, that have `NAME=value` in the environment they were started with. */
export function processesWith(variable: string): number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => readOrUndefined(`/proc/${pid}/environ`)?.split("\0").includes(variable) && isAlive(pid));
}

/** A set of signals of proc_pid_status(5), a bit for each: those it handles, or those it holds back; none once it is gone. */
export function signalsOf(pid: number, set: "SigBlk" | "SigCgt"): bigint {
  const status = readOrUndefined(`/proc/${pid}/status`) ?? "";
  return BigInt(`0x${new RegExp(`^${set}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
}

export const hasSignal = (pid: number, set: "SigBlk" | "SigCgt", signal: number): boolean =>
  ((signalsOf(pid, set) >> BigInt(signal - 1)) & 1n) === 1n;

/** What each of a process's descriptors is. */
export function descriptorsOf(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // closed meanwhile
    }
  }
  return found;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
