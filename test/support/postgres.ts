import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { findProgram, missing } from "./programs.ts";
import { asNobody, startService, temporaryFolder } from "./service.ts";
import { waitFor } from "./wait-for.ts";

const run = promisify(execFile);

/** Why a test with PostgreSQL has to be skipped, if it has to. */
export const postgresIsMissing = missing({ initdb: "postgresql", postgres: "postgresql" });

/** A PostgreSQL for a test; answers the folder of its socket. Its superuser is `postgres`, whom it trusts. */
export async function startPostgres(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const data = join(folder, "data");
  const cluster = ["-D", data, "-U", "postgres", "--auth", "trust", "--no-sync", "--locale", "C", "-E", "UTF8"];
  await run(findProgram("initdb") as string, cluster, { ...asNobody, cwd: "/" });
  startService(t, "postgres", ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"], "SIGINT");
  const isReady = (): Promise<boolean> =>
    run(findProgram("pg_isready") as string, ["-h", folder]).then(
      () => true,
      () => false,
    );
  await waitFor("PostgreSQL to be ready", isReady);
  return folder;
}
