import { spawn, spawnSync } from "node:child_process";
import type { TestContext } from "node:test";
import { processInfo } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** Why a test that makes system calls fail has to be skipped, if it has to. */
export const straceIsMissing: string | false = canTrace()
  ? false
  : "needs strace, allowed to attach to processes; on Debian: apt-get install strace";

/** strace(1), attached to a process; answers a function that detaches it. */
export async function strace(t: TestContext, pid: number, ...options: string[]): Promise<() => Promise<void>> {
  const tracer = spawn("strace", ["-f", "-p", String(pid), ...options], { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  tracer.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  const detach = async (): Promise<void> => {
    // One that loses its tracer in the middle of a call that is to fail would get ENOSYS.
    await waitFor("it to be in no call that fails", () => !["R", "t"].includes(processInfo(pid)?.state ?? ""));
    tracer.kill("SIGKILL");
    await waitFor("strace to detach", () => tracer.exitCode !== null || tracer.signalCode !== null);
  };
  t.after(detach);
  await waitFor(
    () => `strace to attach: ${told}`,
    () => told.includes("attached"),
  );
  return detach;
}

function canTrace(): boolean {
  return spawnSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;
}
