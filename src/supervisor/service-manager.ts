import type { Logger } from "pino";
import { now } from "../scoreboard/clock.ts";
import { describeErrno } from "../system-error.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { State } from "./lifecycle.ts";
import { NotifySocket } from "./notify-socket.ts";
import { Watchdog } from "./watchdog.ts";

/** While the daemon drains, the manager is asked for so much time again and again: one that hangs gets no more. In ms. */
const extension = 30_000;
const extensionInterval = 10_000;

type Variables = Readonly<Record<string, string | undefined>>;
/** What it is to tell of. */
export interface ReadyService {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly logger: Logger;
  readonly heartbeat: Heartbeat;
}

type Socket = Pick<NotifySocket, "send" | "onFailure">;

/** The service manager that has started this process, systemd or another that speaks as it does: sd_notify(3). */
export class ServiceManager {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #watchdogInterval: number;
  #listening = "";
  #status = "";
  #isStopping = false;
  #isRestarting = false;
  #extending: NodeJS.Timeout | undefined;
  /** Of the zygote that forks: until there is one, the supervisor itself sees to it that one comes, or all ends. */
  #heartbeat: Heartbeat | undefined;

  /** @param watchdogInterval - In ms; how often it wants to see a sign of life, 0 for never. */
  constructor(socket: Socket, name: string, watchdogInterval: number) {
    this.#socket = socket;
    this.#name = name;
    this.#watchdogInterval = watchdogInterval;
  }

  /** From now on the manager sees signs of life, if it wants to. */
  beginWatch(): void {
    const isAlive = (): boolean => this.#heartbeat?.isAnswered ?? true;
    new Watchdog(this.#watchdogInterval, isAlive, () => this.#socket.send(["WATCHDOG=1"])).start();
  }

  /** Tells that connections are served. */
  ready({ addresses, logger, heartbeat }: Omit<ReadyService, "name">): void {
    this.#socket.onFailure = (errno) => logger.warn(this.#describeFailure(errno));
    this.#listening = `listening on ${addresses.join(", ")}`;
    this.#socket.send(["READY=1", `MAINPID=${process.pid}`, ...this.#statusOf("serving")]);
    this.#heartbeat = heartbeat;
  }

  /**
   * Tells what the daemon does from now on.
   * @param isRestart - Whether it stops to start again, in the same process.
   */
  onState(state: State, isRestart = false): void {
    clearInterval(this.#extending);
    const isEnding = state === "draining" || state === "stopping" || state === "stopped";
    if (isRestart && isEnding) return this.#restart();
    if (state === "draining" || state === "stopping") return this.#stop(state);
    if (this.#listening !== "") this.#say(this.#statusOf(state));
  }

  /** Tells that another generation gets ready: `Type=notify-reload` waits for it, and compares the clock, in µs. */
  reloading(): void {
    this.#say(["RELOADING=1", `MONOTONIC_USEC=${Math.round(now() * 1000)}`]);
  }

  /** Tells that it serves, or that the old one goes on. */
  reloaded(addresses: readonly string[]): void {
    this.#listening = `listening on ${addresses.join(", ")}`;
    this.#say(["READY=1", ...this.#statusOf("serving")]);
  }

  /** To the manager it is a reload: after `STOPPING=1` it would wait for the process's end, and bring it about. */
  #restart(): void {
    if (!this.#isRestarting) this.reloading();
    this.#isRestarting = true;
  }

  #stop(state: State): void {
    const news = this.#isStopping ? [] : ["STOPPING=1"];
    this.#isStopping = true;
    if (state === "stopping") return this.#say([...news, ...this.#statusOf(state)]);
    const extend = `EXTEND_TIMEOUT_USEC=${extension * 1000}`;
    this.#say([...news, ...this.#statusOf(state), extend]);
    this.#extending = setInterval(() => this.#say([extend]), extensionInterval).unref();
  }

  #say(assignments: readonly string[]): void {
    if (assignments.length > 0) this.#socket.send(assignments);
  }

  /** Nothing if it has been told already. */
  #statusOf(state: State): string[] {
    const status = statusOf(state, this.#listening);
    if (status === this.#status) return [];
    this.#status = status;
    return [`STATUS=${status}`];
  }

  #describeFailure(errno: number): string {
    return (
      `the service manager could not be told, on NOTIFY_SOCKET ${this.#name}, what the daemon does: ${describeErrno(errno)}; ` +
      "it serves all the same. Mend NOTIFY_SOCKET, or unset it"
    );
  }
}

/** The manager that the variables name, if they name one. */
export function findServiceManager(variables: Variables, pid: number): ServiceManager | undefined {
  const { NOTIFY_SOCKET: name, WATCHDOG_USEC, WATCHDOG_PID = String(pid) } = variables;
  if (name === undefined || name === "") return undefined;
  const isWatched = WATCHDOG_PID === String(pid) && /^\d{1,15}$/.test(WATCHDOG_USEC ?? "");
  return new ServiceManager(new NotifySocket(name), name, isWatched ? Number(WATCHDOG_USEC) / 1000 : 0);
}

function statusOf(state: State, listening: string): string {
  const words: Readonly<Record<State, string>> = {
    starting: "starting",
    serving: listening,
    renewing: `${listening}; the zygote is being replaced`,
    handingOver: `${listening}; the zygote is being replaced`,
    restarting: `${listening}; waiting for another zygote`,
    upgrading: `${listening}; the supervisor is being replaced`,
    draining: "draining: connections under way may finish",
    stopping: "stopping: what is left is killed",
    stopped: "stopped",
  };
  return words[state];
}
