/**
 * Loads the module named by the argument, as the zygote does, and writes to standard output what came of it: the
 * module's default export (called, if it is a function) or the error, and the state of the process before and after.
 */
import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { loadModule } from "../../../dist/loader/load-module.js";

export type Rest = { threads: number; children: string; resources: string[]; descriptors: number; privateKiB: number };
export type Failure = { name: string; code?: string; message: string; stack: string; cause?: Failure };
export type Outcome = { exported?: unknown; error?: Failure; before: Rest; after: Rest };

await stat("."); // starts libuv's thread pool, which no loader is to blame for
const before = await rest();
const loaded = await load(process.argv[2]!);
const after = loaded.error ? before : await rest(); // after a failure nothing is forked
process.stdout.write(JSON.stringify({ ...loaded, before, after } satisfies Outcome));

async function load(path: string): Promise<{ exported?: unknown; error?: Failure }> {
  try {
    const { default: exported } = await loadModule(path);
    return { exported: typeof exported === "function" ? await exported() : exported };
  } catch (error) {
    return { error: describe(error as Failure) };
  }
}

/** Node's own loader closes files in the background: given time, none of that is left. */
async function rest(): Promise<Rest> {
  const deadline = Date.now() + 5_000;
  while (process.getActiveResourcesInfo().length > 0 && Date.now() < deadline) await setImmediate();
  (globalThis as { gc?: () => void }).gc!();
  return {
    threads: readdirSync("/proc/self/task").length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8"),
    resources: process.getActiveResourcesInfo(),
    descriptors: readdirSync("/proc/self/fd").length,
    privateKiB: Number(/Private_Dirty: +(\d+)/.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))![1]),
  };
}

function describe({ name, code, message, stack, cause }: Failure): Failure {
  return { name, code: code!, message, stack, cause: cause && describe(cause) } as Failure;
}
