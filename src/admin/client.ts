import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as pass } from "node:timers/promises";
import { reviveFailure } from "../control/failure.ts";
import type { ForkdError } from "../errors.ts";
import type { ConnectionInfo, Program, Refusal, Reloaded, Status } from "./api.ts";
import { gone, hung, patience, unreachable } from "./failure.ts";
import { findHolder } from "./pid-file.ts";
import type { RuntimeFolder } from "./runtime-folder.ts";

/** Between two looks whether a daemon gets on that is asked for what takes a while; in ms. */
const lookInterval = 1000;

/** Asks a daemon, over its admin socket. */
export class AdminClient {
  readonly name: string;
  readonly folder: RuntimeFolder;

  constructor(name: string, folder: RuntimeFolder) {
    this.name = name;
    this.folder = folder;
  }

  /** @param within - How long it may take to answer, in ms. */
  status(within = patience): Promise<Status> {
    return this.#ask("GET", "/status", within);
  }

  connections(within = patience): Promise<ConnectionInfo[]> {
    return this.#ask("GET", "/connections", within);
  }

  endConnection(id: string, now: boolean): Promise<{ readonly pid: number }> {
    return this.#ask("DELETE", `/connections/${encodeURIComponent(id)}${now ? "?now" : ""}`);
  }

  stop(now: boolean): Promise<Status> {
    return this.#ask("POST", `/stop${now ? "?now" : ""}`);
  }

  restart(now: boolean): Promise<Status> {
    return this.#askAtLength(`/restart${now ? "?now" : ""}`);
  }

  upgrade(program: Program): Promise<Status> {
    return this.#askAtLength("/upgrade", program);
  }

  reload(): Promise<Reloaded> {
    return this.#askAtLength("/reload");
  }

  callOffReload(): Promise<unknown> {
    return this.#ask("DELETE", "/reload");
  }

  /** That it gives no sign of life. */
  get hung(): ForkdError {
    return hung(this.name, findHolder(this.folder.pidFile)?.pid);
  }

  /**
   * For an answer that is there at once, if the daemon gets on at all.
   * @throws ForkdError what the daemon refuses it with, `FORKD_E_NOT_RUNNING`, `FORKD_E_HUNG`
   */
  #ask<Answer>(method: string, path: string, within = patience): Promise<Answer> {
    const isHung = new AbortController();
    const patient = setTimeout(() => isHung.abort(this.hung), within);
    return this.#answer<Answer>(method, path, isHung.signal).finally(() => clearTimeout(patient));
  }

  /** For an answer that takes as long as it takes, while the daemon gets on. */
  async #askAtLength<Answer>(path: string, body?: object): Promise<Answer> {
    const isHung = new AbortController();
    const isAnswered = new AbortController();
    void this.#watch(isHung, isAnswered.signal);
    return this.#answer<Answer>("POST", path, isHung.signal, body).finally(() => isAnswered.abort());
  }

  async #watch(isHung: AbortController, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.status().catch((error: ForkdError) => error.code === "FORKD_E_HUNG" && isHung.abort(error));
      await pass(lookInterval, undefined, { signal: end }).catch(() => undefined);
    }
  }

  async #answer<Answer>(method: string, path: string, isHung: AbortSignal, body?: object): Promise<Answer> {
    const refuse = (error: NodeJS.ErrnoException): never => {
      throw isHung.aborted ? (isHung.reason as ForkdError) : this.#refusalOf(error);
    };
    const response = await this.#send(method, path, isHung, body).catch(refuse);
    const answer = JSON.parse(await text(response).catch(refuse)) as Answer | Refusal;
    if ((response.statusCode ?? 500) >= 400) throw reviveFailure(answer as Refusal);
    return answer as Answer;
  }

  /** A daemon that has its name, and listens, has its socket. */
  #refusalOf({ code }: NodeJS.ErrnoException): ForkdError {
    const { socket, pidFile } = this.folder;
    const holder = code === "ENOENT" ? findHolder(pidFile) : undefined;
    const isMaimed = holder !== undefined && holder.addresses.length > 0;
    return isMaimed ? unreachable(this.name, holder.pid, socket) : gone(this.name);
  }

  #send(method: string, path: string, signal: AbortSignal, body?: object): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.folder.socket, method, path, signal }, resolve)
        .on("error", reject)
        .end(body === undefined ? "" : JSON.stringify(body));
    });
  }
}
