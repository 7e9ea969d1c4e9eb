import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Program } from "../admin/api.ts";
import { native } from "../native.ts";
import { environmentList, nullTerminated } from "../null-terminated.ts";
import { describeErrno } from "../system-error.ts";
import { descriptorsOf, format, seal, type Handover } from "./handover.ts";

/** A module that has not loaded by then is not waited for, in ms; forkd itself has given up before, as a rule. */
const longestTrial = 300_000;

type Variables = Readonly<Record<string, string | undefined>>;

/** This forkd, on this Node. */
export const ownProgram = (): Program => ({
  node: process.execPath,
  forkd: fileURLToPath(new URL("../cli/main.js", import.meta.url)),
});

/**
 * Has the other program look at what it would take over, and do all that comes before the first connection.
 * @param helpers - Where its pid is while it is there.
 * @throws Error with what it says
 */
export async function tryProgram(
  program: Program,
  handover: Handover,
  variables: Variables,
  helpers: Set<number>,
): Promise<void> {
  const fd = seal(handover);
  let pid: number | undefined;
  try {
    const args = [...process.execArgv, program.forkd, "resume", "3", "--try"];
    const child = spawn(program.node, args, { stdio: ["ignore", "pipe", "pipe", fd], env: { ...variables } });
    ({ pid } = child);
    if (pid !== undefined) helpers.add(pid); // never 0, which kill(2) takes for a whole group
    const patience = setTimeout(() => child.kill("SIGKILL"), longestTrial);
    const [end, answer, said] = await Promise.all([
      endOf(child).catch(({ message }: Error) => Promise.reject(new Error(`${message}.`))),
      text(child.stdout as Readable),
      text(child.stderr as Readable),
    ]);
    clearTimeout(patience);
    // Whoever is no forkd may end well, too.
    if (end !== "status 0" || answer.trim() !== format) throw new Error(said.trim() || `it ended with ${end}.`);
  } finally {
    native.close(fd);
    if (pid !== undefined) helpers.delete(pid);
  }
}

/** Returns only if it fails: why, in a sentence. */
export function become(program: Program, handover: Handover, variables: Variables): string {
  try {
    const fd = seal(handover);
    const args = [program.node, ...process.execArgv, program.forkd, "resume", String(fd)];
    const kept = [fd, ...descriptorsOf(handover)];
    const errno = native.exec(program.node, nullTerminated(args), environmentList(variables), kept);
    native.close(fd);
    return `Running ${program.node} failed: ${describeErrno(errno)}.`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  return signal ?? `status ${status}`;
}
