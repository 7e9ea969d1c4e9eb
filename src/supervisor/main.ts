/**
 * The supervisor: ordinary asynchronous Node.
 *
 * It owns the listening sockets, the scoreboard and the log; it starts, watches, replaces and drains zygotes, and adopts
 * the workers of one that has died. It never runs user code, never accepts, never forks. Nobody in forkd restarts it:
 * that is for systemd or a container's runtime. When it dies, the kernel kills the zygote, idle workers leave, and busy
 * ones drain within `drainTimeout`; the port is free at once.
 */
import { runtimeBase } from "../admin/runtime-folder.ts";
import { readOtherAddressee, readPassedSockets } from "../config/listen-fds.ts";
import type { Sources } from "../config/settings.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { releaseSignals } from "../held-signals.ts";
import { succeeded } from "../system-error.ts";
import type { HandedDaemon, HandedInstance, Handover } from "./handover.ts";
import { Listeners } from "./listeners.ts";
import { Planner } from "./plan.ts";
import { announceTo } from "./ready-fd.ts";
import { findServiceManager } from "./service-manager.ts";
import { Supervisor } from "./supervisor.ts";

const stdout = 1;
const stderr = 2;

/** What a command asks for. */
export interface SuperviseRequest {
  readonly modulePath: string;
  readonly flags: Sources["flags"];
  /** Where daemons have their folders. */
  readonly runtimeDir?: string;
  /** Where to say that the daemon is ready, and at which addresses. */
  readonly readyFd?: number;
  /** Whether nobody is to see its standard error: it logs to a file, and says on `readyFd` what it is called, too. */
  readonly isDetached?: boolean;
}

/**
 * Runs a daemon until it has stopped.
 * @returns the exit status
 * @throws ForkdError if it cannot start; nothing is left running then
 */
export function supervise(request: SuperviseRequest): Promise<number> {
  return superviseOn({ ...request, runtimeBase: runtimeBase(request.runtimeDir, process.env) });
}

/** The same, in a process that did so as another program. */
export function resume({ instance, daemon, ...request }: Handover): Promise<number> {
  return superviseOn({
    ...request,
    ...(instance !== null && { instance }),
    ...(daemon !== null && { handed: daemon }),
  });
}

interface Task extends SuperviseRequest {
  readonly runtimeBase: string;
  readonly instance?: HandedInstance;
  readonly handed?: HandedDaemon;
}

async function superviseOn({
  modulePath,
  flags,
  runtimeBase: base,
  instance,
  handed,
  readyFd,
  isDetached = false,
}: Task) {
  if (process.platform !== "linux") throw new ForkdError("FORKD_E_SYSTEM", "forkd runs on Linux only.");
  succeeded("Becoming a subreaper", native.becomeSubreaper());
  native.closeOnExecFrom(3); // what this process was given is not for zygotes, but for what they are handed
  const otherAddressee = readOtherAddressee(process.env, process.pid);
  const sockets = readPassedSockets(process.env, process.pid);
  const manager = findServiceManager(process.env, process.pid);
  const passed = handed === undefined && sockets.length > 0 ? Listeners.adopt(sockets) : undefined;
  const supervisor = new Supervisor({
    planner: new Planner({ modulePath, flags, isDetached, passed }),
    runtimeBase: base,
    instance,
    handed,
    logDescriptors: isDetached ? [stdout, stderr] : [stderr],
    onState: (state) => manager?.onState(state, supervisor.succession.restartsAs !== undefined),
    onReady: ({ name, addresses, logger, heartbeat }) => {
      if (otherAddressee !== undefined) supervisor.news.socketsAstray(otherAddressee);
      if (readyFd !== undefined) announceTo(readyFd, isDetached ? [name, ...addresses] : addresses, logger);
      manager?.ready({ addresses, logger, heartbeat });
    },
    onReload: (phase, addresses) => (phase === "begins" ? manager?.reloading() : manager?.reloaded(addresses)),
  });
  process.title = "forkd: supervisor";
  manager?.beginWatch();
  await supervisor.succession.goOn();
  handleSignals(supervisor);
  return supervisor.run();
}

/** Those that have come before, while there was nobody to heed them, are heeded now. */
function handleSignals(supervisor: Supervisor): void {
  process.on("SIGTERM", () => supervisor.stop(false));
  process.on("SIGINT", () => supervisor.stop(false));
  process.on("SIGQUIT", () => supervisor.stop(true));
  process.on("SIGHUP", () => void supervisor.reload().catch(() => undefined)); // the log says why
  process.on("SIGUSR1", () => supervisor.log.reopen());
  process.on("SIGUSR2", () => supervisor.report());
  process.on("SIGPIPE", () => undefined);
  process.on("SIGCHLD", () => supervisor.sweep());
  for (const signal of releaseSignals()) process.emit(signal);
}
