import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Contestant, Setting } from "../contestants/contestant.ts";
import type { Entry } from "./entry.ts";
import { findFreePort, waitForListener } from "./ports.ts";
import { end, start, waitForLine } from "./processes.ts";
import { root } from "./programs.ts";
import { sentenceOf } from "./sentence.ts";
import type { Tools } from "./tools.ts";

/** A contestant that runs and is ready. */
export interface Server {
  readonly contestant: Contestant;
  readonly leash: ChildProcess;
  readonly port: number;
}

/** Environment variables that a contestant is started with besides those that there are. */
export type Variables = Readonly<Record<string, string>>;

const readySeconds = 30;
const shownLines = 20;

/** Starts a contestant, waits until it is ready, hands it to `use`, and ends it with all its processes. */
export async function withServer<T>(
  { contestant, program }: Entry,
  tools: Tools,
  use: (server: Server) => Promise<T>,
  variables: Variables = {},
): Promise<T> {
  const log = join(tools.folder, `${contestant.name}.log`);
  const setting = { ...tools, port: contestant.announces === "nothing" ? await findFreePort() : 0 };
  const leash = startLogged(tools.leash, [program, ...contestant.args(setting)], variables, log);
  try {
    return await use({ contestant, leash, port: await waitForPort(contestant, setting, leash) });
  } catch (error) {
    throw new Error(`${sentenceOf(error)}${lastLines(log)}`, { cause: error });
  } finally {
    await end(leash);
  }
}

// Its messages go to a file: reading them here would cost time that is not the server's.
function startLogged(leash: string, command: readonly string[], variables: Variables, log: string): ChildProcess {
  const messages = openSync(log, "w");
  const [program = "", ...args] = command;
  try {
    const env = { ...process.env, TMPDIR: dirname(log), ...variables }; // some that are killed leave files behind
    return start(leash, program, args, { cwd: root, env, stdio: ["ignore", "pipe", messages, "pipe"] });
  } finally {
    closeSync(messages);
  }
}

async function waitForPort({ announces }: Contestant, { port }: Setting, leash: ChildProcess): Promise<number> {
  if (announces !== "nothing") return parsePort(await waitForLine(leash, announces, readySeconds));
  await waitForListener(port, leash, readySeconds);
  return port;
}

function parsePort(address: string): number {
  const port = /^(?:.*:)?(\d+)$/.exec(address)?.[1];
  if (port === undefined)
    throw new Error(`It should have written its address, such as 127.0.0.1:1234, not "${address}".`);
  return Number(port);
}

function lastLines(log: string): string {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-shownLines);
  return lines.join("") === "" ? "" : ` Its last messages:\n${lines.map((line) => `    ${line}`).join("\n")}`;
}
