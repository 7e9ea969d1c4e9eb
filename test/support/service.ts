import { spawn, type SpawnOptions } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findProgram } from "./programs.ts";
import { waitFor } from "./wait-for.ts";

/** Nobody's, for programs that refuse to be root's. */
const unprivileged = 65534;
export const asNobody: SpawnOptions = process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};

/** A folder of nobody's that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  if (asNobody.uid !== undefined) chownSync(folder, unprivileged, unprivileged);
  return folder;
}

/** Another server that a test needs; it has ended when the test has. `signal` ends it without waiting for its clients. */
export function startService(t: TestContext, name: string, args: readonly string[], signal: NodeJS.Signals): void {
  const child = spawn(findProgram(name) as string, args, { ...asNobody, cwd: "/", stdio: "ignore" });
  t.after(async () => {
    child.kill(signal);
    await waitFor(`${name}'s end`, () => child.exitCode !== null || child.signalCode !== null);
  });
}
