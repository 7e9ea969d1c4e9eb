import { Hono, type HonoRequest } from "hono";
import * as v from "valibot";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Program, Refusal, Reloaded } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";
import { callOffReloads } from "./calling-off.ts";
import { connectionsOf, endConnection } from "./connections.ts";
import { statusOf } from "./status.ts";
import type { Supervisor } from "./supervisor.ts";

/** What the daemon answers: docs/commands.md. */
export function createRoutes(supervisor: Supervisor): Hono {
  return new Hono()
    .get("/status", (c) => c.json(statusOf(supervisor)))
    .get("/connections", (c) => c.json(connectionsOf(supervisor.service)))
    .delete("/connections/:id", (c) => {
      const pid = endConnection(supervisor.service, c.req.param("id"), c.req.query("now") !== undefined);
      return c.json({ pid }, 202);
    })
    .post("/stop", (c) => {
      const now = c.req.query("now") !== undefined;
      const isStopping = supervisor.state === "draining" && supervisor.succession.restartsAs === undefined;
      if (now || !isStopping) supervisor.stop(now); // a second request would kill
      return c.json(statusOf(supervisor), 202);
    })
    .post("/restart", async (c) => {
      await supervisor.succession.restart(c.req.query("now") !== undefined);
      return c.json(statusOf(supervisor), 202);
    })
    .post("/upgrade", async (c) => {
      await supervisor.succession.upgrade(await programIn(c.req));
      return c.json(statusOf(supervisor), 202);
    })
    .post("/reload", async (c) => c.json({ generation: await supervisor.reload() } satisfies Reloaded))
    .delete("/reload", (c) => {
      callOffReloads(supervisor);
      return c.json({}, 202);
    })
    .notFound((c) =>
      c.json(refusal(new ForkdError("FORKD_E_USAGE", `There is no ${c.req.method} ${c.req.path}.`)), 404),
    )
    .onError((error, c) => c.json(refusal(error), statusFor(error)));
}

const absolute = v.pipe(v.string(), v.startsWith("/"));
const programSchema = v.object({ node: absolute, forkd: absolute });

async function programIn(request: HonoRequest): Promise<Program> {
  const body = v.safeParse(programSchema, await request.json().catch(() => undefined));
  if (body.success) return body.output;
  throw new ForkdError(
    "FORKD_E_USAGE",
    'The body must be {"node": PATH, "forkd": PATH}, in JSON, with absolute paths.',
  );
}

function refusal(error: Error): Refusal {
  const { message, cause } = error;
  const code = error instanceof ForkdError ? error.code : "FORKD_E_BUG";
  const stack =
    code === "FORKD_E_BUG" ? error.stack : code === "FORKD_E_MODULE_FAILED" ? (cause as Error)?.stack : undefined;
  return { code, message, ...(stack === undefined ? {} : { stack }) };
}

/** As an exit status tells it: the asker's mistake, the system's refusal, a bug. */
function statusFor(error: Error): ContentfulStatusCode {
  if (!(error instanceof ForkdError)) return 500;
  if (error.code === "FORKD_E_NO_CONNECTION") return 404;
  return error.exitStatus === 100 ? 422 : error.exitStatus === 111 ? 503 : 500;
}
