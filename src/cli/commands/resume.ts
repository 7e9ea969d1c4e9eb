import { writeSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { Command, Option as Flag } from "commander";
import { ForkdError } from "../../errors.ts";
import { formatRecord } from "../../log/record.ts";
import { native } from "../../native.ts";
import type { Handover } from "../../supervisor/handover.ts";
import type { Finish } from "../program.ts";

/** What a supervisor that becomes another program has that one do: for nobody's hand. */
export function addResume(program: Command, finish: Finish): void {
  const resume = new Command("resume")
    .argument("<FD>", "a descriptor of what is handed over")
    .addOption(new Flag("--try", "only look whether it could be done"))
    .action(async (fd: string, options: { readonly try?: true }) => {
      const { format, readHandover } = await import("../../supervisor/handover.ts");
      const handover = readHandover(Number(fd));
      if (options.try === true) await tryResuming(handover, format);
      else finish(await (await import("../../supervisor/main.ts")).resume(handover).catch(tellInLog));
    });
  program.addCommand(resume, { hidden: true });
}

const stderr = 2;

/** Standard error is the daemon's log: what has kept it from starting again is a record there, but on a terminal. */
function tellInLog(error: unknown): number {
  if (!(error instanceof ForkdError) || isatty(stderr)) throw error;
  const { message, cause, exitStatus } = error;
  const identity = { role: "supervisor", pid: process.pid };
  writeSync(stderr, `${formatRecord("error", identity, message, { err: cause })}\n`);
  return exitStatus;
}

async function tryResuming({ format, modulePath, flags }: Handover, ours: string): Promise<void> {
  if (format !== ours) {
    throw new ForkdError(
      "FORKD_E_UPGRADE",
      "It keeps account of workers in another way, and cannot take these over: restart the daemon instead.",
    );
  }
  native.dieWithParent(process.ppid, constants.signals.SIGKILL);
  const { check } = await import("../../supervisor/check.ts");
  await check(modulePath, flags);
  process.stdout.write(`${ours}\n`);
}
