import { once } from "node:events";
import { chmodSync, renameSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { dirname, join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { createRoutes } from "./admin-routes.ts";
import type { Supervisor } from "./supervisor.ts";

/** How many may wait until their connection is taken. */
const backlog = 511;

/** Answers commands, over HTTP on a Unix socket that this user alone can reach. */
export class AdminServer {
  readonly #server: Server;
  readonly #path: string;
  /** The file that this server has made. */
  readonly #file: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    this.#file = fileAt(path);
  }

  /**
   * @param path - The caller holds the daemon's lock: a socket that is there already is a dead one's.
   * @throws ForkdError `FORKD_E_RUNTIME_DIR`
   */
  static async open(path: string, supervisor: Supervisor): Promise<AdminServer> {
    const server = createAdaptorServer({ fetch: createRoutes(supervisor).fetch }) as Server;
    try {
      const fd = listenAt(path);
      const opened = new AdminServer(server, path);
      server.listen({ fd });
      await once(server, "listening");
      server.on("error", (error) => supervisor.log.logger?.error({ err: error }, "the admin socket has failed"));
      return opened;
    } catch (error) {
      throw new ForkdError(
        "FORKD_E_RUNTIME_DIR",
        `The admin socket ${path} cannot be opened: ${(error as Error).message} Mend that, or choose another folder with --runtime-dir.`,
      );
    }
  }

  /** Nobody waits for an answer any more: those under way are cut. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    if (fileAt(this.#path) === this.#file) rmSync(this.#path, { force: true });
  }
}

/** Not by Node, which would remove the file in the end, whosever it is by then. While one takes another's place there always is one. */
function listenAt(path: string): number {
  const fresh = join(dirname(path), "new.sock"); // not a longer path
  rmSync(fresh, { force: true });
  const fd = succeeded("Listening", native.listenUnix(fresh, backlog));
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
  return fd;
}

/** Of which file system, and which one of it; empty if there is none. */
function fileAt(path: string): string {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return ino === undefined ? "" : `${dev}:${ino}`;
}
