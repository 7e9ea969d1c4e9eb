import { join } from "node:path";
import { type Contestant, maxConnections, node, type Setting } from "./contestant.ts";

/** The contestant that all others are compared with. */
export const reference = "forkd-fresh-blocking";

export const forkdContestants: readonly Contestant[] = [
  forkd(reference, "forkd, a fresh process per connection, blocking handler", "blocking"),
  forkd("forkd-fresh-async", "forkd, a fresh process per connection, async handler", "async"),
  forkd("forkd-reused-blocking", "forkd, a process per 100 connections, blocking handler", "blocking", ...reused()),
  forkd("forkd-reused-async", "forkd, a process per 100 connections, async handler", "async", ...reused()),
  {
    ...forkd("forkd-spawn", "forkd, a Node started anew per connection, async handler", "async", "--engine", "spawn"),
    weight: "heavy",
  },
];

function reused(): readonly string[] {
  return ["--connections-per-worker", "100"];
}

function forkd(name: string, title: string, module: string, ...own: readonly string[]): Contestant {
  const args = ({ folder }: Setting) => [
    ["dist/cli/main.js", "run", `build-bench/forkd/${module}.js`],
    ["--name", name],
    ["--runtime-dir", join(folder, "run")],
    ["--listen", "127.0.0.1:0"],
    ["--max-connections", String(maxConnections)],
    ["--idle-timeout", "10m"], // what is held open on a slow machine stays open
    ["--log-level", "warn"], // the others log nothing
    ["--ready-fd", "3"],
    own,
  ];
  return {
    name,
    title,
    program: node,
    args: (setting) => args(setting).flat(),
    announces: 3,
    process: "own",
    weight: "light",
  };
}
