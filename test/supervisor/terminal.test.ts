import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { cli, fixture } from "../support/daemon.ts";
import { isAlive, processesWith } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, converse } from "./conversation.ts";

const ctrlC = "\x03";
const scriptIsMissing =
  spawnSync("script", ["--version"]).status !== 0 && "needs script(1); on Debian: apt-get install bsdutils";

void test("on a terminal the log is for people, elsewhere for programs", { skip: scriptIsMissing }, async (t) => {
  const terminal = await Terminal.start(t);
  await waitFor("a line for people", () => /^\S*\[\d\d:\d\d:\d\d\.\d{3}\].*INFO.*listening on /m.test(terminal.shown));
  assert.ok(!terminal.shown.includes('{"level"'));
  await terminal.interrupt();

  const told = await Terminal.start(t, "--log-format", "json");
  await waitFor("a line for programs", () => /^{"level":"info".*"msg":"listening on .*}\r$/m.test(told.shown));
  await told.interrupt();
});

void test("Ctrl-C reaches only the supervisor, which drains; the second stops at once", {
  skip: scriptIsMissing,
}, async (t) => {
  const terminal = await Terminal.start(t, "--drain-timeout", "1h", "--idle-timeout", "off");
  const { client, pid } = await converse(await terminal.port());
  terminal.type(ctrlC);
  await waitFor("the drain", () => terminal.shown.includes("draining"));
  await waitFor("new connections to be refused", async () => {
    const { failure } = await attempt(await terminal.port(), "pid\n");
    return failure === "ECONNREFUSED";
  });
  client.send("pid\n");
  await client.receives(`${pid}\n${pid}\n`);
  assert.ok(isAlive(pid));
  assert.ok(!terminal.shown.includes("SIGINT"), "no process was killed by it");
  terminal.type(ctrlC);
  await client.rest();
  assert.equal(await terminal.ended(), 0);
});

/** A daemon in the foreground of a terminal. */
class Terminal {
  readonly #script: ChildProcess;
  shown = "";

  private constructor(script: ChildProcess) {
    this.#script = script;
    script.stdout?.setEncoding("utf8").on("data", (text: string) => (this.shown += text));
  }

  static async start(t: TestContext, ...flags: string[]): Promise<Terminal> {
    const mark = randomUUID();
    const command = [process.execPath, cli, "run", fixture("commands"), "--listen", "127.0.0.1:0", ...flags].join(" ");
    const script = spawn("script", ["--quiet", "--return", "--command", `exec ${command}`, "/dev/null"], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, TEST_DAEMON: mark },
    });
    t.after(async () => {
      script.kill("SIGKILL");
      for (const pid of processesWith(`TEST_DAEMON=${mark}`)) kill(pid);
      await waitFor("all processes to be gone", () => processesWith(`TEST_DAEMON=${mark}`).length === 0);
    });
    const terminal = new Terminal(script);
    await terminal.port();
    return terminal;
  }

  async port(): Promise<number> {
    const match = await waitFor(`the daemon to listen: ${this.shown}`, () => {
      const [, port] = /listening on .*?127\.0\.0\.1:(\d+)/.exec(this.shown) ?? [];
      return port;
    });
    return Number(match);
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  async interrupt(): Promise<void> {
    this.type(ctrlC);
    assert.equal(await this.ended(), 0);
  }

  async ended(): Promise<number | null> {
    const { exitCode } = await waitFor("the end", () => (this.#script.exitCode === null ? undefined : this.#script));
    return exitCode;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
