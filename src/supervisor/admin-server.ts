import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { ForkdError } from "../errors.ts";
import { describeErrno } from "../system-error.ts";
import { createRoutes } from "./admin-routes.ts";
import type { Supervisor } from "./supervisor.ts";

/** Answers commands, over HTTP on a Unix socket that this user alone can reach. */
export class AdminServer {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /**
   * @param path - The caller holds the daemon's lock: a socket that is there already is a dead one's.
   * @throws ForkdError `FORKD_E_RUNTIME_DIR`
   */
  static async open(path: string, supervisor: Supervisor): Promise<AdminServer> {
    const server = createAdaptorServer({ fetch: createRoutes(supervisor).fetch }) as Server;
    try {
      rmSync(path, { force: true });
      server.listen(path);
      await once(server, "listening");
      chmodSync(path, 0o600);
      server.on("error", (error) => supervisor.log.logger?.error({ err: error }, "the admin socket has failed"));
    } catch (error) {
      const { errno = 0 } = error as NodeJS.ErrnoException;
      throw new ForkdError(
        "FORKD_E_RUNTIME_DIR",
        `The admin socket ${path} cannot be opened: ${describeErrno(errno)}. Mend that, or choose another folder with --runtime-dir.`,
      );
    }
    return new AdminServer(server, path);
  }

  /** Nobody waits for an answer any more: those under way are cut. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
  }
}
