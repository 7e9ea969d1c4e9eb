import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { reviveFailure } from "../control/failure.ts";
import { ForkdError } from "../errors.ts";
import type { ConnectionInfo, Program, Refusal, Reloaded, Status } from "./api.ts";
import type { RuntimeFolder } from "./runtime-folder.ts";

/** For an answer that is there at once, if the daemon gets on at all; in ms. */
const patience = 10_000;

/** Asks a daemon, over its admin socket. */
export class AdminClient {
  readonly name: string;
  readonly folder: RuntimeFolder;

  constructor(name: string, folder: RuntimeFolder) {
    this.name = name;
    this.folder = folder;
  }

  status(): Promise<Status> {
    return this.#ask("GET", "/status");
  }

  connections(): Promise<ConnectionInfo[]> {
    return this.#ask("GET", "/connections");
  }

  endConnection(id: string, now: boolean): Promise<{ readonly pid: number }> {
    return this.#ask("DELETE", `/connections/${encodeURIComponent(id)}${now ? "?now" : ""}`);
  }

  stop(now: boolean): Promise<Status> {
    return this.#ask("POST", `/stop${now ? "?now" : ""}`);
  }

  restart(now: boolean): Promise<Status> {
    return this.#ask("POST", `/restart${now ? "?now" : ""}`);
  }

  upgrade(program: Program): Promise<Status> {
    return this.#ask("POST", "/upgrade", program);
  }

  reload(): Promise<Reloaded> {
    return this.#ask("POST", "/reload");
  }

  /** @throws ForkdError what the daemon refuses it with, or `FORKD_E_NOT_RUNNING` */
  async #ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await this.#send(method, path, body === undefined ? "" : JSON.stringify(body));
    const answer = JSON.parse(await text(response).catch(() => Promise.reject(gone(this.name)))) as Answer | Refusal;
    if ((response.statusCode ?? 500) >= 400) throw reviveFailure(answer as Refusal);
    return answer as Answer;
  }

  #send(method: string, path: string, body: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.folder.socket, method, path }, resolve);
      if (method === "GET") asked.setTimeout(patience, () => asked.destroy(gone(this.name)));
      asked.on("error", () => reject(gone(this.name))).end(body);
    });
  }
}

const gone = (name: string): ForkdError =>
  new ForkdError(
    "FORKD_E_NOT_RUNNING",
    `The daemon ${name} does not answer: it has ended, is not ready yet, or hangs. See: forkd list`,
  );
