import { once } from "node:events";
import { end, start } from "../harness/processes.ts";
import { withServer } from "../harness/server.ts";
import { median } from "../harness/statistics.ts";
import type { Tools } from "../harness/tools.ts";
import type { Figures } from "../results.ts";
import type { Scenario, Turn } from "./scenario.ts";

const starts = 3;

export const ready: Scenario = {
  name: "ready",
  title: "From `forkd run` to ready, against `node -e 0`",
  contestants: ["forkd-fresh-blocking", "forkd-fresh-async", "forkd-spawn"],
  once: false,
  columns: [
    { head: "ready ms", figure: "readyMs", digits: 0 },
    { head: "node -e 0 ms", figure: "nodeMs", digits: 0 },
    { head: "ready / node -e 0", figure: "ratio", digits: 2, compared: "as it is" },
  ],
  expectedSeconds: () => starts * 0.8,
  measure,
};

async function measure({ entry, tools }: Turn): Promise<Figures[]> {
  const readies: number[] = [];
  const nodes: number[] = [];
  for (let count = 0; count < starts; count++) {
    nodes.push(await timeNode(tools));
    const started = performance.now();
    readies.push(await withServer(entry, tools, () => Promise.resolve(performance.now() - started)));
  }
  const readyMs = median(readies);
  const nodeMs = median(nodes);
  return [{ variant: "started", figures: { readyMs, nodeMs, ratio: readyMs / nodeMs } }];
}

async function timeNode({ leash }: Tools): Promise<number> {
  const started = performance.now();
  const node = start(leash, process.execPath, ["-e", "0"], { stdio: "ignore" });
  try {
    await once(node, "exit");
    return performance.now() - started;
  } finally {
    await end(node);
  }
}
