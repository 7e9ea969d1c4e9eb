import type { Command } from "commander";
import { describeFailure, failureAsJson } from "./failure.ts";
import { createProgram } from "./program.ts";

/** Does what the command line asks for and answers the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = await createProgram((itsStatus) => (status = itsStatus), args[0]);
  try {
    await program.parseAsync(withoutVainHelp(args, program), { from: "user" });
    return status;
  } catch (error) {
    const failure = describeFailure(error, commandIn(args, program));
    if (isForPrograms(args)) process.stdout.write(failureAsJson(error, failure));
    else process.stderr.write(failure.text);
    return failure.status;
  }
}

/** That a command is unknown commander says only if nothing else is asked: not behind `help`, nor before `--help`. */
function withoutVainHelp(args: readonly string[], program: Command): readonly string[] {
  const words = args[0] === "help" && args[1] !== undefined ? [args[1], "--help"] : args;
  const [first = "--help"] = words;
  const isUnknown = !first.startsWith("-") && first !== "help" && commandIn(words, program) === undefined;
  return isUnknown ? [first] : words;
}

/** Also of a command line that could not be understood. */
const isForPrograms = (args: readonly string[]): boolean => args.includes("--json");

const commandIn = ([first]: readonly string[], { commands }: Command): string | undefined =>
  commands.map((command) => command.name()).find((name) => name === first);
