import { setTimeout as wait } from "node:timers/promises";
import { light } from "../contestants/all.ts";
import { runShort } from "../harness/load.ts";
import { type Server, withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";
import { shortColumns, shortFigures, warm, warmUpSeconds } from "./short-load.ts";

const clients = 500;
const idleMilliseconds = 500;

export const burst: Scenario = {
  name: "burst",
  title: `${clients} clients at once, on an idle server`,
  contestants: light,
  once: false,
  columns: shortColumns,
  expectedSeconds: () => startSeconds + warmUpSeconds + 1.5,
  measure: (turn) => withServer(turn.entry, turn.tools, (server) => measure(server, turn)),
};

async function measure(server: Server, turn: Turn): Promise<Figures[]> {
  await warm(server, turn, 1);
  await wait(idleMilliseconds); // a pool settles
  const load = await runShort(turn.tools, server.port, { connections: clients, concurrency: clients, seconds: 10 });
  return [{ variant: `${clients} at once`, figures: shortFigures(load) }];
}
