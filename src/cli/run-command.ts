import { describeFailure } from "./failure.ts";
import { createProgram } from "./program.ts";

/** Does what the command line asks for and answers the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  try {
    await createProgram((itsStatus) => (status = itsStatus)).parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    const failure = describeFailure(error);
    process.stderr.write(failure.text);
    return failure.status;
  }
}
