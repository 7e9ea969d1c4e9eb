import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { engine } from "./engine.ts";
import { childrenOf, isAlive, processInfo, processesWith } from "./processes.ts";
import { runtimeDir } from "./runtime-dir.ts";
import { waitFor } from "./wait-for.ts";
import { isWaiting } from "./waiting.ts";

export const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** The compiled fixture daemon of that name. */
export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}.js`, import.meta.url));

/** A record of a daemon's log. */
export interface LogRecord {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a daemon is started with that is not usual. */
export interface Launch {
  /** Another copy of forkd's command. */
  readonly command?: string;
  /** A program that starts another, with its arguments. */
  readonly starter?: readonly string[];
  /** A descriptor for its log; `stderr` stays empty then. */
  readonly stderr?: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** Sockets that it finds from descriptor 3 on, as systemd would pass them; nobody tells it where to listen then. */
  readonly sockets?: readonly number[];
  /** Whether the module itself says where it listens, and how it logs. */
  readonly asModuleSays?: boolean;
}

/** Starts another program that sockets are passed to: they are for the process that is named, and for no other. */
const asAddressee = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"];

/** A real daemon, started for a test; when that ends, nothing of it may be left. */
export class TestDaemon {
  readonly #process: ChildProcess;
  readonly #mark: string;
  readonly addresses: readonly string[];
  stderr = "";
  readonly #records: LogRecord[] = [];
  /** How much of `stderr` is in the records: a long log is looked at often. */
  #parsed = 0;

  private constructor(started: ChildProcess, mark: string, addresses: readonly string[], output: { text: string }) {
    this.#process = started;
    this.#mark = mark;
    this.addresses = addresses;
    Object.defineProperty(this, "stderr", { get: () => output.text });
  }

  static start(t: TestContext, module: string, ...flags: string[]): Promise<TestDaemon> {
    return TestDaemon.startWith(t, {}, module, ...flags);
  }

  /** The same through a program that starts another in other circumstances: `setpriv --reuid=65534` or the like. */
  static startThrough(t: TestContext, starter: string[], module: string, ...flags: string[]): Promise<TestDaemon> {
    return TestDaemon.startWith(t, { starter }, module, ...flags);
  }

  static async startWith(t: TestContext, launch: Launch, module: string, ...flags: string[]): Promise<TestDaemon> {
    const { command = cli, sockets = [], stderr, variables, asModuleSays = false } = launch;
    const { starter = sockets.length > 0 ? asAddressee : [] } = launch;
    const mark = `TEST_DAEMON=${randomUUID()}`;
    const listen = flags.includes("--listen") || sockets.length > 0 ? [] : ["--listen", "127.0.0.1:0"];
    const usual = asModuleSays ? [] : [...listen, ...fewSpares(flags), "--log-format", "json"];
    const run = [...starter, process.execPath, command, "run", module];
    const readyFd = 3 + sockets.length;
    const [program = "", ...args] = [...run, ...usual, "--ready-fd", `${readyFd}`, ...flags];
    const output = { text: "" };
    const own = { FORKD_RUNTIME_DIR: join(runtimeDir, randomUUID()), TEST_DAEMON: mark.split("=")[1] };
    const env = { ...process.env, LISTEN_FDS: `${sockets.length}`, ...own, ...variables };
    const started = spawn(program, args, {
      stdio: ["ignore", "pipe", stderr ?? "pipe", ...sockets, "pipe"],
      env,
    });
    started.stderr?.setEncoding("utf8").on("data", (part: string) => (output.text += part));
    t.after(() => cleanUp(started, mark, output));
    const addresses = (await readiness(started.stdio[readyFd] as Readable)).trim().split("\n");
    if (addresses[0] === "") throw new Error(`the daemon did not start:\n${output.text}`);
    return new TestDaemon(started, mark, addresses, output);
  }

  get port(): number {
    return Number(this.addresses[0]?.split(":").at(-1));
  }

  /** The supervisor's. */
  get pid(): number {
    return this.#process.pid as number;
  }

  get zygote(): number {
    const zygote = this.#findZygote();
    assert.ok(zygote, "the supervisor has a zygote");
    return zygote;
  }

  /** The zygote's, of which there may be none for a moment. */
  get workers(): number[] {
    const zygote = this.#findZygote();
    return zygote === undefined ? [] : childrenOf(zygote).filter(isAlive);
  }

  /** Its workers, once there are that many, and all of them wait for connections: one that has just been forked does not yet. */
  spares(count: number): Promise<number[]> {
    return waitFor(
      () => `${count} spares\n${this.stderr}`,
      () => {
        const { workers } = this;
        return workers.length === count && workers.every(isWaiting) ? workers : undefined;
      },
    );
  }

  #findZygote(): number | undefined {
    const children = childrenOf(this.pid);
    const parent = children.find((pid) => childrenOf(pid).length > 0);
    // All of its workers may have died, and others not come yet.
    return parent ?? children.find((pid) => processInfo(pid)?.name === "forkd: zygote");
  }

  /** All processes of the daemon, and what they started. */
  get processes(): number[] {
    return processesWith(this.#mark);
  }

  get log(): LogRecord[] {
    const end = this.stderr.lastIndexOf("\n") + 1; // behind it there is nothing, or a line that has not come all the way
    const lines = this.stderr.slice(this.#parsed, end).split("\n");
    this.#parsed = end;
    for (const line of lines) if (line.startsWith("{")) this.#records.push(JSON.parse(line) as LogRecord);
    return [...this.#records];
  }

  waitForLog(what: string, isMeant: (record: LogRecord) => boolean): Promise<LogRecord> {
    return waitFor(
      () => `the log entry: ${what}\n${this.stderr}`,
      () => this.log.find(isMeant),
    );
  }

  /** The entry that says how a connection ended; its reason is what is waited for. */
  waitForEnd(reason: string): Promise<LogRecord> {
    return this.waitForLog(`a connection ended: ${reason}`, (record) => record["reason"] === reason);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Waits for the supervisor's end: its exit status, or the signal that killed it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { exitCode, signalCode } = await waitFor("the supervisor's end", () =>
      this.#process.exitCode !== null || this.#process.signalCode !== null ? this.#process : undefined,
    );
    return exitCode ?? (signalCode as NodeJS.Signals);
  }

  /** Waits until no process is left. */
  async gone(): Promise<void> {
    await waitFor("all processes to be gone", () => this.processes.length === 0);
  }
}

/** A spawned worker takes its time to start. */
const fewSpares = (flags: readonly string[]): string[] =>
  engine === "spawn" && !flags.includes("--spare-workers") ? ["--spare-workers", "3"] : [];

/** All is written at once. A starter may keep the descriptor open, so that its end is not to be waited for. */
async function readiness(stream: Readable): Promise<string> {
  let read = "";
  for await (const part of stream.setEncoding("utf8")) {
    read += part as string;
    if (read.endsWith("\n")) break;
  }
  return read;
}

async function cleanUp(started: ChildProcess, mark: string, output: { text: string }): Promise<void> {
  if (started.exitCode === null && started.signalCode === null) started.kill("SIGQUIT");
  try {
    await waitFor("all processes to be gone", () => processesWith(mark).length === 0);
  } catch (error) {
    const left = processesWith(mark);
    const described = left.map((pid) => JSON.stringify(processInfo(pid))).join("\n");
    for (const pid of left) process.kill(pid, "SIGKILL");
    throw new Error(`processes were left:\n${described}\nthe daemon's log:\n${output.text}`, { cause: error });
  }
}

/** Runs a command of forkd's to its end. */
export async function forkd(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await waitFor("the command's end", () => child.exitCode !== null || child.signalCode !== null);
  return { status: child.exitCode, stdout, stderr };
}
