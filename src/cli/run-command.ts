import type { Command } from "commander";
import { describeFailure } from "./failure.ts";
import { createProgram } from "./program.ts";

/** Does what the command line asks for and answers the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = await createProgram((itsStatus) => (status = itsStatus), args[0]);
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    const failure = describeFailure(error, commandIn(args, program));
    process.stderr.write(failure.text);
    return failure.status;
  }
}

const commandIn = ([first]: readonly string[], { commands }: Command): string | undefined =>
  commands.map((command) => command.name()).find((name) => name === first);
