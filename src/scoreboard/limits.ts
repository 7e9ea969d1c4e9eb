import { constants } from "node:os";
import type { Settings } from "../config/settings.ts";
import type { Outcome } from "./states.ts";

const { SIGKILL, SIGXCPU, SIGXFSZ } = constants.signals;

/** What `native.configureWorkers` is given, in the order of `enum fk_limit`: -1 for none, seconds for processor time. */
export function limitsOfKernel(settings: Settings): Float64Array {
  return Float64Array.of(
    settings["limits.memory"],
    settings["limits.cpu"] > 0 ? settings["limits.cpu"] / 1000 : -1,
    settings["limits.openFiles"],
    settings["limits.fileSize"],
    settings["limits.processes"],
    settings["limits.core"],
  );
}

/** How a process ended: by which signal, 0 for none, and with how much processor time behind it. */
export interface Death {
  readonly signal: number;
  readonly cpuMs: number;
}

/** The limits at which the kernel itself ends a process. */
export type FatalLimits = Pick<Settings, "limits.cpu" | "limits.fileSize">;

/** Which limit the kernel has ended a worker at; undefined if at none. */
export function limitKilledAt({ signal, cpuMs }: Death, settings: FatalLimits): Outcome | undefined {
  const cpu = settings["limits.cpu"];
  // A handler that catches SIGXCPU gets SIGKILL, a second later.
  if (cpu > 0 && (signal === SIGXCPU || (signal === SIGKILL && cpuMs >= cpu))) return "cpu limit";
  if (settings["limits.fileSize"] >= 0 && signal === SIGXFSZ) return "file size limit";
  return undefined;
}

/** Which limit an error that nobody caught comes of; undefined if of none, or if that limit is off. */
export function limitBehind(error: unknown, settings: Settings): Outcome | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EMFILE") return settings["limits.openFiles"] >= 0 ? "open files limit" : undefined;
  if (code === "EFBIG") return settings["limits.fileSize"] >= 0 ? "file size limit" : undefined;
  if (isOutOfProcesses(error)) return settings["limits.processes"] >= 0 ? "processes limit" : undefined;
  return settings["limits.memory"] >= 0 && isOutOfMemory(error, code) ? "memory limit" : undefined;
}

/** Of a program, or of a thread: the errno is the message then. */
function isOutOfProcesses({ code, message, syscall = "" }: NodeJS.ErrnoException): boolean {
  return code === "ERR_WORKER_INIT_FAILED" ? message === "EAGAIN" : code === "EAGAIN" && syscall.startsWith("spawn");
}

const memoryCodes = ["ENOMEM", "ERR_MEMORY_ALLOCATION_FAILED", "Z_MEM_ERROR"];

/** V8 has no code for it, only words, which all its versions use. */
function isOutOfMemory(error: Error, code: string | undefined): boolean {
  if (code !== undefined) return memoryCodes.includes(code);
  return error instanceof RangeError && /allocation failed|could not allocate memory/i.test(error.message);
}
