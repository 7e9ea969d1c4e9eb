import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { missing } from "./programs.ts";
import { waitFor } from "./wait-for.ts";

/** Why a test with a service manager has to be skipped, if it has to. */
export const socatIsMissing = missing({ socat: "socat" });

/** Hears, in the place of a service manager, what comes to a Unix datagram socket. */
export class Notified {
  #text = "";
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** @param name - Of the socket: its path, or `@` and its abstract name. */
  static async listen(t: TestContext, name: string): Promise<Notified> {
    const address = name.startsWith("@") ? `ABSTRACT-RECV:${name.slice(1)}` : `UNIX-RECV:${name}`;
    const child = spawn("socat", ["-u", address, "STDOUT"], { stdio: ["ignore", "pipe", "ignore"] });
    const notified = new Notified(child);
    child.stdout.setEncoding("utf8").on("data", (part: string) => (notified.#text += part));
    t.after(async () => {
      child.kill("SIGKILL");
      await waitFor("socat's end", () => child.exitCode !== null || child.signalCode !== null);
    });
    await waitFor(`socat to listen on ${name}`, () => readFileSync("/proc/net/unix", "utf8").includes(` ${name}\n`));
    return notified;
  }

  /** `SIGSTOP`: it does not listen for a while. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** All assignments until now, in the order of their coming. */
  get assignments(): string[] {
    return this.#text.split("\n").slice(0, -1);
  }

  hears(assignment: string, times = 1): Promise<unknown> {
    return waitFor(`${assignment}, having heard ${this.#text}`, () => {
      return this.assignments.filter((heard) => heard === assignment).length >= times;
    });
  }
}
