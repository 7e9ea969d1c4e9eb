import { spawn, type ChildProcess } from "node:child_process";
import { release } from "node:os";
import { fileURLToPath } from "node:url";
import { loaderFlags } from "../loader/loader-flags.ts";
import type { StrippingAhead } from "../loader/strip-ahead.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { tunedEnvironment, untunedVariables } from "../zygote/environment.ts";

/** A Node that boots, and becomes a zygote when it is told of which module. */
export interface BootingZygote {
  readonly process: ChildProcess;
  /** The supervisor's end of the control socket. */
  readonly controlFd: number;
  /** What strips its module of types meanwhile, if that is known already. */
  stripping?: StrippingAhead | undefined;
}

const zygoteProgram = fileURLToPath(new URL("../zygote/program.js", import.meta.url));

/** Flags of a Node that is to be forked, again and again. */
const forkableFlags = [
  // V8 must not hand work to threads that its children lack; Node 26 needs the second.
  "--single-threaded",
  "--single-threaded-gc",
  "--v8-pool-size=1",
  // Young garbage is collected before the first fork.
  "--expose-gc-as=collectGarbageForFork",
  // The timer by which V8 collects garbage in quiet moments falls due in the zygote, whose event loop does not run, and
  // would then go off in each child.
  "--no-memory-reducer",
  // What is compiled must not be forgotten, or each child would have to compile it again.
  "--no-flush-bytecode",
  // A copy of V8's built-in code nearer to compiled code would be forked page by page, and not with the program's huge pages.
  "--no-short-builtin-calls",
];

/** Huge pages for the program's text: from Linux 6.1 on `native/preload/text.c` sees to them. Node 26 has given them up. */
const largePagesFlags =
  Number.parseFloat(release()) < 6.1 && Number.parseInt(process.versions.node, 10) < 26 ? ["--use-largepages=on"] : [];

/**
 * @param logFd - Where it writes its records to.
 * @throws Error of the system's; others are told by the process's `error`
 */
export function bootZygote(logFd: number): BootingZygote {
  const [here, there] = succeeded("Making a pair of sockets", native.socketPair());
  try {
    return { process: spawnZygote(logFd, there), controlFd: here };
  } catch (error) {
    native.close(here);
    throw error;
  } finally {
    native.close(there);
  }
}

function spawnZygote(logFd: number, controlFd: number): ChildProcess {
  const flags = [...forkableFlags, ...largePagesFlags, ...loaderFlags(process.versions.node)];
  const args = [zygoteProgram, String(process.pid), untunedVariables(process.env)];
  return spawn(process.execPath, [...flags, ...args], {
    detached: true, // a session of its own: Ctrl-C in a terminal reaches the supervisor alone
    stdio: ["ignore", logFd, logFd, controlFd],
    env: tunedEnvironment(process.env),
  });
}
