import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";
import { ForkdError } from "../errors.ts";

/** The Node versions on which a thread can be started in a forked process; on others it would hang. */
const capable = new Set(["22", "24"]);

/**
 * Makes `new Worker()` in a forked worker an error where it could only hang: the platform's threads, which it would
 * wait for, do not exist there. Done before user code can take hold of the class.
 */
export function guardWorkerThreads(isForked: () => boolean): void {
  if (capable.has(process.versions.node.split(".")[0] as string)) return;
  const Original = threads.Worker;
  threads.Worker = class Worker extends Original {
    constructor(...parameters: ConstructorParameters<typeof Original>) {
      if (isForked()) throw refusal();
      super(...parameters);
    }
  };
  syncBuiltinESMExports();
}

function refusal(): ForkdError {
  return new ForkdError(
    "FORKD_E_WORKER_THREADS",
    `new Worker() cannot work in a forked worker on Node ${process.versions.node}: threads do not survive fork(2). ` +
      'Set engine: "spawn", use a child process instead, or run the daemon on Node 22 or 24.',
  );
}
