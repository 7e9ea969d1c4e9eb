import type { Logger } from "pino";
import type { Program } from "../admin/api.ts";
import { formatDuration } from "../config/duration.ts";
import type { ForkdError } from "../errors.ts";
import type { Settings } from "../config/settings.ts";
import type { Report } from "./report.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** What the supervisor tells the log of itself and its zygotes. */
export class News {
  readonly #logger: () => Logger | undefined;

  /** @param logger - Undefined until there is one. */
  constructor(logger: () => Logger | undefined) {
    this.#logger = logger;
  }

  get #log(): Logger | undefined {
    return this.#logger();
  }

  /** Heard at every level: it is what a caller waits for. */
  get #toAll(): Logger | undefined {
    return this.#log?.child({}, { level: "info" });
  }

  transition(event: string, from: string, to: string): void {
    this.#log?.debug({ event, from, to }, `${event}: ${to}`);
  }

  listening(name: string, addresses: readonly string[]): void {
    this.#toAll?.info({ name, addresses }, `listening on ${addresses.join(", ")}`);
  }

  report({ pid: _itsOwn, ...report }: Report): void {
    this.#toAll?.info(report, "status report");
  }

  zygoteEnded({ generation }: ZygoteProcess, manner: string): void {
    this.#log?.error({ generation, reason: manner }, `zygote ended: ${manner}`);
  }

  nextZygoteEnded({ generation, isPrepared }: ZygoteProcess, manner: string): void {
    const consequence = isPrepared
      ? "another is started, for the old one has been told to retire"
      : "the old one goes on";
    this.#log?.error({ generation, reason: manner }, `the next zygote ended: ${manner}; ${consequence}`);
  }

  zygoteFailed({ generation }: ZygoteProcess, error: Error): void {
    this.#log?.error({ err: error, generation }, "the zygote failed");
  }

  noZygote({ message }: Error): void {
    this.#log?.error(`no zygote could be started: ${message} Trying again, with pauses of up to 5s`);
  }

  unforkable(reason: string): void {
    this.#log?.warn({ reason }, `fork(2) does not work here: ${reason}; workers are spawned instead`);
  }

  rotating(): void {
    this.#log?.info("replacing the zygote, of which a worker has crashed");
  }

  reloading(): void {
    this.#log?.info("reloading the module and the options");
  }

  reloaded(generation: number, addresses: readonly string[]): void {
    this.#log?.info({ generation, addresses }, `reloaded: generation ${generation} serves`);
  }

  reloadFailed(error: ForkdError): void {
    if (error.code === "FORKD_E_CALLED_OFF") this.#log?.info("the reload was called off; the old code goes on");
    else this.#log?.error({ err: error }, "the reload failed; the old code goes on");
  }

  becoming({ node, forkd }: Program): void {
    this.#log?.info({ node, forkd }, `the supervisor becomes ${forkd} on ${node}`);
  }

  notBecome(error: Error): void {
    this.#log?.error({ err: error }, "the supervisor stays what it is");
  }

  noCommands(error: Error): void {
    this.#log?.error({ err: error }, "commands are not answered any more; restart the daemon when that is mended");
  }

  takenOver(generation: number): void {
    this.#log?.info({ generation }, "a new zygote has taken over");
  }

  givingUp(settings: Settings): void {
    const within = formatDuration(settings["restart.within"]);
    this.#log?.error(
      `giving up: the zygote has crashed ${settings["restart.maxCrashes"]} times within ${within} ` +
        "(restart.maxCrashes, restart.within); mend what crashes it, or allow more",
    );
  }

  /** root's processes are not held to it: getrlimit(2). */
  processesUnheld(settings: Settings): void {
    if (settings["limits.processes"] < 0 || process.getuid?.() !== 0) return;
    this.#log?.warn(
      "limits.processes does not hold root's processes, and this daemon runs as root: run it as another user",
    );
  }

  /** systemd starts a program, which starts another: npx, npm and shells keep what they were passed, or close it. */
  socketsAstray(addressee: number): void {
    this.#log?.warn(
      { addressee },
      `LISTEN_FDS passes sockets to pid ${addressee}, and not to this process: they are not listened on. Have ` +
        "node_modules/.bin/forkd run started itself, without npx, npm or a shell between, or unset LISTEN_PID",
    );
  }

  draining(): void {
    this.#log?.info("draining");
  }

  stopped(): void {
    this.#log?.info("stopped");
  }
}
