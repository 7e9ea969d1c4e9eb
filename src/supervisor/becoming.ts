import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Program } from "../admin/api.ts";
import { ForkdError } from "../errors.ts";
import { native } from "../native.ts";
import { environmentList, nullTerminated } from "../null-terminated.ts";
import { describeErrno } from "../system-error.ts";
import { descriptorsOf, seal, type Handover } from "./handover.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** This forkd, on this Node. */
export const ownProgram = (): Program => ({
  node: process.execPath,
  forkd: fileURLToPath(new URL("../cli/main.js", import.meta.url)),
});

/**
 * Has the other program look at what it would take over, and do all that comes before the first connection.
 * @param helpers - Where its pid is while it is there.
 * @throws ForkdError `FORKD_E_UPGRADE` with what it says
 */
export async function tryProgram(
  program: Program,
  handover: Handover,
  variables: Variables,
  helpers: Set<number>,
): Promise<void> {
  const fd = seal(handover);
  const args = [program.forkd, "resume", "3", "--try"];
  const child = spawn(program.node, args, { stdio: ["ignore", "ignore", "pipe", fd], env: { ...variables } });
  native.close(fd);
  if (child.pid !== undefined) helpers.add(child.pid);
  try {
    const [status, said] = await Promise.all([statusOf(child), text(child.stderr as NodeJS.ReadableStream)]);
    if (status !== 0) throw refusal(program, said.trim() || `it ended with status ${status}.`);
  } catch (error) {
    throw error instanceof ForkdError ? error : refusal(program, `${(error as Error).message}.`);
  } finally {
    helpers.delete(child.pid ?? 0);
  }
}

/** Returns only if it fails: why. */
export function become(program: Program, handover: Handover, variables: Variables): ForkdError {
  const fd = seal(handover);
  const args = [program.node, program.forkd, "resume", String(fd)];
  const kept = [fd, ...descriptorsOf(handover)];
  const errno = native.exec(program.node, nullTerminated(args), environmentList(variables), kept);
  native.close(fd);
  return refusal(program, `${describeErrno(errno)}.`);
}

/** Null if it was killed. */
async function statusOf(child: ChildProcess): Promise<number | null> {
  const [status] = (await once(child, "close")) as [number | null];
  return status;
}

function refusal({ node, forkd }: Program, why: string): ForkdError {
  const message = `The daemon cannot become ${forkd} on ${node}, and goes on as it is: ${why.replace(/^forkd: /, "")}`;
  return new ForkdError("FORKD_E_UPGRADE", message);
}
