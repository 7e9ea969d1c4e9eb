import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { missing } from "./programs.ts";
import { startService, temporaryFolder } from "./service.ts";
import { waitFor } from "./wait-for.ts";

/** Why a test with Redis has to be skipped, if it has to. */
export const redisIsMissing = missing({ "redis-server": "redis-server" });

/** A Redis for a test; answers the path of its socket. It keeps nothing, and listens on no port. */
export async function startRedis(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const path = join(folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "777", "--save", "", "--dir", folder];
  startService(t, "redis-server", args, "SIGTERM");
  await waitFor("Redis to listen", () => existsSync(path));
  return path;
}
