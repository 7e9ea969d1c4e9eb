import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { processesWith } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

const main = fileURLToPath(new URL("../../build-bench/main.js", import.meta.url));

/** The benchmark, run for a test. */
export class Benchmark {
  readonly #process: ChildProcess;
  readonly #mark: string;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number>;
  stdout = "";
  stderr = "";

  constructor(t: TestContext, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const id = randomUUID();
    this.#mark = `TEST_BENCHMARK=${id}`;
    const env = { ...process.env, TEST_BENCHMARK: id, ...variables };
    this.#process = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = once(this.#process, "close").then(([status]: number[]) => status ?? -1);
    t.after(() => this.#process.kill("SIGKILL"));
  }

  /** It, and all that it has started. */
  get processes(): number[] {
    return processesWith(this.#mark);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async says(words: string): Promise<void> {
    await waitFor(`the benchmark to say "${words}"`, () => this.stderr.includes(words));
  }
}

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
