import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { childrenOf, isAlive, processesWith } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import type { Ledger } from "./ledger.ts";
import { terms, type Engine, type Terms } from "./terms.ts";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

interface LogRecord {
  readonly level: string;
  readonly msg: string;
  readonly pid: number;
  readonly peer?: string;
  readonly reason?: string;
  readonly connection?: string;
  readonly again?: boolean;
}

/** What is to be started, and where. */
export interface SoakedTask {
  readonly engine: Engine;
  readonly style: string;
  /** For what the daemon may leave in its working directory. */
  readonly folder: string;
  /** Where to keep its log, if anywhere. */
  readonly log: string | undefined;
}

/** A daemon under soak, whose log goes into the ledger. */
export class SoakedDaemon {
  readonly #process: ChildProcess;
  readonly #mark: string;
  readonly terms: Terms;
  readonly port: number;

  private constructor(started: ChildProcess, mark: string, engine: Engine, port: number) {
    this.terms = terms[engine];
    this.#process = started;
    this.#mark = mark;
    this.port = port;
  }

  static async start(task: SoakedTask, ledger: Ledger): Promise<SoakedDaemon> {
    const { style, engine, folder, log: file } = task;
    const module = fileURLToPath(new URL(`handlers-${style}.js`, import.meta.url));
    const { maxConnections, spares, idleTimeout } = terms[engine];
    const limits = ["--max-connections", String(maxConnections), "--spare-workers", String(spares)];
    const times = ["--idle-timeout", idleTimeout, "--drain-timeout", "10s"];
    const log = ["--log-format", "json", "--log-level", "debug", "--ready-fd", "3"];
    const args = [cli, "run", module, "--listen", "127.0.0.1:0", "--engine", engine, ...limits, ...times, ...log];
    const mark = randomUUID();
    const env = { ...process.env, SOAK: mark, FORKD_RUNTIME_DIR: folder };
    const stdio = ["ignore", "ignore", "pipe", "pipe"] as const;
    // In a session of its own: Ctrl-C is for whoever soaks it.
    const started = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: [...stdio], env });
    process.once("exit", () => started.kill("SIGQUIT")); // however the soak ends
    const first: string[] = [];
    createInterface({ input: started.stderr as Readable }).on("line", (line) => {
      if (first.length < 20) first.push(line);
      if (file !== undefined) appendFileSync(file, `${line}\n`);
      enter(ledger, line);
    });
    const address = (await text(started.stdio[3] as Readable)).trim();
    if (address === "") throw new Error(`the daemon did not start:\n${first.join("\n")}`);
    return new SoakedDaemon(started, `SOAK=${mark}`, engine, Number(address.split(":").at(-1)));
  }

  get supervisor(): number {
    return this.#process.pid as number;
  }

  /** Undefined while there is none. */
  get zygote(): number | undefined {
    return childrenOf(this.supervisor).find((pid) => childrenOf(pid).length > 0);
  }

  /** All processes of the daemon, and what they started. */
  get processes(): number[] {
    return processesWith(this.#mark);
  }

  /** Until there are no processes but supervisor, zygote and spares; zombies count. */
  async waitForRest(): Promise<void> {
    await waitFor("supervisor, zygote and spares to be alone", () => {
      const { supervisor, zygote } = this;
      const { spares } = this.terms;
      const isAlone = childrenOf(supervisor).length === 1 && childrenOf(zygote ?? 0).length === spares;
      return isAlone && this.processes.length === 2 + spares;
    });
  }

  /** Drains it: its exit status. */
  async stop(): Promise<number | null> {
    if (!isAlive(this.supervisor)) return this.#process.exitCode;
    const exit = once(this.#process, "close");
    this.#process.kill("SIGTERM");
    await exit;
    await waitFor("all processes to be gone", () => this.processes.length === 0);
    return this.#process.exitCode;
  }
}

/** Beside the ends of connections, and of what was killed, nothing louder than info is expected. */
function enter(ledger: Ledger, line: string): void {
  if (!line.startsWith("{")) return ledger.onOddity(`not a record: ${line}`);
  const { level, msg, pid, peer, reason, connection = "", again = false } = JSON.parse(line) as LogRecord;
  if (peer !== undefined && reason !== undefined) ledger.onEnded({ peer, reason, pid, connection, again });
  else if (msg === "idle worker ended: killed by SIGKILL") ledger.noteIdleEnd(pid, msg);
  else if (msg === "worker ended after its connection: killed by SIGKILL") ledger.noteLateEnd(pid, msg);
  else if (["warn", "error"].includes(level) && !msg.startsWith("zygote ended: SIGKILL")) ledger.onOddity(line);
}
