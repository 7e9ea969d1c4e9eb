import type { Command } from "commander";
import { describeFailure, failureAsJson } from "./failure.ts";
import { createProgram } from "./program.ts";

/** Does what the command line asks for and answers the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = createProgram((itsStatus) => (status = itsStatus));
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    const failure = describeFailure(error, commandIn(args, program));
    if (isForPrograms(args)) process.stdout.write(failureAsJson(error, failure));
    else process.stderr.write(failure.text);
    return failure.status;
  }
}

/** Also of a command line that could not be understood. */
const isForPrograms = (args: readonly string[]): boolean => args.includes("--json");

const commandIn = ([first]: readonly string[], { commands }: Command): string | undefined =>
  commands.map((command) => command.name()).find((name) => name === first);
