import { describeFailure } from "./failure.ts";
import { createProgram, type RunRequest } from "./program.ts";

/** Does what the command line asks for and answers the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const onRun = async (request: RunRequest): Promise<void> => {
    const { supervise } = await import("../supervisor/main.ts");
    status = await supervise(request);
  };
  try {
    await createProgram(onRun).parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    const failure = describeFailure(error);
    process.stderr.write(failure.text);
    return failure.status;
  }
}
