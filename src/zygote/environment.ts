import { fileURLToPath } from "node:url";

/** Keeps V8's heap together and forkable, and puts the program's text on huge pages: native/preload. */
const heapLibrary = fileURLToPath(new URL(`../../prebuilds/linux-${process.arch}/heap.so`, import.meta.url));

/**
 * Variables that a zygote is started with, and that are not for user code: symbols are looked up once, not lazily in
 * each child anew; and the fewer threads and arenas of theirs there are, the less a fork has to put right.
 */
const tuning: Readonly<Record<string, string>> = {
  LD_BIND_NOW: "1",
  MALLOC_ARENA_MAX: "1",
  UV_THREADPOOL_SIZE: "1",
};

type Variables = Readonly<Record<string, string | undefined>>;

/** What whoever has started the supervisor tells that process alone: sd_listen_fds(3), sd_notify(3). */
const forSupervisor = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** The zygote's environment. */
export const tunedEnvironment = (variables: Variables): Record<string, string | undefined> => ({
  ...variables,
  ...Object.fromEntries(forSupervisor.map((name) => [name, undefined])),
  ...tuning,
  LD_PRELOAD: preloaded(variables["LD_PRELOAD"]),
});

/** A list between blanks or colons: ld.so(8) has no way to name a path that holds one, and forkd forks without it too. */
function preloaded(others: string | undefined): string | undefined {
  if (/[ :]/.test(heapLibrary)) return others;
  return others ? `${heapLibrary}:${others}` : heapLibrary;
}

const names = [...Object.keys(tuning), "LD_PRELOAD"];

/** What the tuned variables were before, for the zygote to put back; an argument of its program. */
export function untunedVariables(variables: Variables): string {
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, variables[name]])));
}

/** In the zygote: user code, the thread pools of workers and what they start find the variables as they were. */
export function restoreEnvironment(untuned: string): void {
  for (const name of names) delete process.env[name];
  Object.assign(process.env, JSON.parse(untuned));
}
