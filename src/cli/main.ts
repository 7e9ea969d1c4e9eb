#!/usr/bin/env node
/**
 * The command. It reads the command line, says what is wrong with it, and leaves the rest to the supervisor, which lives
 * in this same process; it ends with the status that the supervisor answers.
 */
import { holdSignals } from "../held-signals.ts";
import { readVersion } from "../version.ts";
import { allSaid, say } from "./output.ts";

const args = process.argv.slice(2);

if (args[0] === "run" || args[0] === "resume") holdSignals();

const status = args.length === 1 && args[0] === "--version" ? printVersion() : await runProgram();
await allSaid();
process.exit(status);

/** By itself, for scripts ask for it often and the program is slow to load. */
function printVersion(): number {
  say(`${readVersion()}\n`);
  return 0;
}

async function runProgram(): Promise<number> {
  const { runCommand } = await import("./run-command.ts");
  return runCommand(args);
}
