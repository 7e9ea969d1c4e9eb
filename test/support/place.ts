import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { cli } from "./daemon.ts";
import { readLog } from "./log-file.ts";
import { processesWith } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

export type Command = ChildProcessByStdio<null, Readable, Readable>;

/** What a command ended with. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A daemon that `forkd start` has started. */
export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly log: string;
}

/**
 * A place for daemons in the background, apart from those of others: folders of its own for their files and their logs, and
 * the commands that look there. When the test ends nothing is left of it, neither a process nor a file.
 */
export class Place {
  readonly folder: string;
  readonly runtimeDir: string;
  readonly #mark = randomUUID();
  /** What all that is started here has in its environment; undefined is for what it has not. */
  readonly variables: Record<string, string | undefined>;
  /** What each command is started by: `setpriv --reuid=65534` or the like. */
  readonly #starter: readonly string[];

  /** @param uid - The user's to whom the folders belong. */
  constructor(t: TestContext, starter: readonly string[] = [], uid?: number) {
    this.folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
    this.runtimeDir = join(this.folder, "run");
    this.variables = { FORKD_RUNTIME_DIR: this.runtimeDir, TEST_DAEMON: this.#mark };
    this.#starter = starter;
    mkdirSync(this.runtimeDir);
    chmodSync(this.folder, 0o755);
    if (uid !== undefined) for (const folder of [this.folder, this.runtimeDir]) chownSync(folder, uid, uid);
    t.after(() => this.#cleanUp());
  }

  /** Runs a command to its end. */
  async forkd(...args: readonly string[]): Promise<Outcome> {
    return this.outcomeOf(this.spawn(...args));
  }

  /** The same, in circumstances of its own. */
  async forkdIn(options: { cwd?: string; env?: Record<string, string> }, ...args: string[]): Promise<Outcome> {
    return this.outcomeOf(this.#spawn(args, options));
  }

  spawn(...args: readonly string[]): Command {
    return this.#spawn(args, {});
  }

  #spawn(args: readonly string[], { cwd, env = {} }: { cwd?: string; env?: Record<string, string> }): Command {
    const [program = "", ...rest] = [...this.#starter, process.execPath, cli, ...args];
    return spawn(program, rest, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...this.variables, ...env },
    });
  }

  async outcomeOf(child: Command): Promise<Outcome> {
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await waitFor("the command's end", () => child.exitCode !== null || child.signalCode !== null);
    return { status: child.exitCode, stdout, stderr };
  }

  /** What a command answers with `--json`. */
  async ask<T>(...args: readonly string[]): Promise<T> {
    const { status, stdout, stderr } = await this.forkd(...args, "--json");
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  async start(module: string, ...flags: readonly string[]): Promise<Started> {
    const log = join(this.folder, `${randomUUID()}.log`);
    const listen = flags.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const started = await this.ask<Started>("start", module, ...listen, "--log-file", log, ...flags);
    return { ...started, log, port: Number(started.addresses[0]?.split(":").at(-1)) };
  }

  /** All processes that were started here and are there still. */
  get processes(): number[] {
    return processesWith(`TEST_DAEMON=${this.#mark}`);
  }

  /** What is in the folder where daemons have theirs. */
  get files(): string[] {
    return readdirSync(this.runtimeDir, { recursive: true, encoding: "utf8" }).toSorted();
  }

  async #cleanUp(): Promise<void> {
    const logs = readdirSync(this.folder).filter((name) => name.endsWith(".log"));
    const told = logs.map((name) => readLog(join(this.folder, name))).join("\n");
    try {
      for (const pid of this.processes) kill(pid);
      await waitFor(`all processes to be gone\n${told}`, () => this.processes.length === 0);
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
