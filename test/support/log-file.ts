import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { LogRecord } from "./daemon.ts";

/** The path of a log in a folder of its own, which goes when the test ends. */
export function logPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "forkd-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "daemon.log");
}

/** The records in a file, each of which must be a whole line; none if there is no file. */
export function recordsIn(path: string): LogRecord[] {
  return readLog(path)
    .split("\n")
    .slice(0, -1) // behind the last newline there is nothing, or a line that has not come all the way
    .map((line) => JSON.parse(line) as LogRecord);
}

export function readLog(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
