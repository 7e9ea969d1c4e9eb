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

const status = await run();
await allSaid();
process.exit(status);

/** The version by itself, for scripts ask for it often and the program is slow to load. */
async function run(): Promise<number> {
  if (args.length === 1 && args[0] === "--version") return printVersion();
  return args[0] === "run" ? runDaemon() : runProgram();
}

function printVersion(): number {
  say(`${readVersion()}\n`);
  return 0;
}

/** What keeps the first zygote from being started keeps the daemon from starting, too, and is told then. */
async function runDaemon(): Promise<number> {
  const first = await import("../supervisor/first-zygote.ts").catch(() => undefined);
  first?.bootFirstZygote();
  const answer = await runProgram();
  await first?.abandonFirstZygote();
  return answer;
}

async function runProgram(): Promise<number> {
  const { runCommand } = await import("./run-command.ts");
  return runCommand(args);
}
