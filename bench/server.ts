import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "./entry.ts";
import { end, start, waitForLine } from "./processes.ts";
import { root } from "./programs.ts";
import { sentenceOf } from "./sentence.ts";
import type { Tools } from "./tools.ts";

/** A contestant that runs and is ready. */
export interface Server {
  readonly leash: ChildProcess;
  readonly port: number;
}

const readySeconds = 30;
const shownLines = 20;

/** Starts a contestant, waits until it is ready, hands it to `use`, and ends it with all its processes. */
export async function withServer<T>(entry: Entry, tools: Tools, use: (server: Server) => Promise<T>): Promise<T> {
  const log = join(tools.folder, `${entry.contestant.name}.log`);
  const leash = startLogged(entry, tools.leash, log);
  try {
    const address = await waitForLine(leash, entry.contestant.readyOn, readySeconds);
    return await use({ leash, port: parsePort(address) });
  } catch (error) {
    throw new Error(`${sentenceOf(error)}${lastLines(log)}`, { cause: error });
  } finally {
    await end(leash);
  }
}

// Its messages go to a file: reading them here would cost time that is not the server's.
function startLogged({ program, contestant }: Entry, leash: string, log: string): ChildProcess {
  const messages = openSync(log, "w");
  try {
    return start(leash, program, contestant.args, { cwd: root, stdio: ["ignore", "pipe", messages, "pipe"] });
  } finally {
    closeSync(messages);
  }
}

function parsePort(address: string): number {
  const port = /:(\d+)$/.exec(address)?.[1];
  if (port === undefined)
    throw new Error(`It should have written its address, such as 127.0.0.1:1234, not "${address}".`);
  return Number(port);
}

function lastLines(log: string): string {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-shownLines);
  return lines.join("") === "" ? "" : ` Its last messages:\n${lines.map((line) => `    ${line}`).join("\n")}`;
}
