import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, delimiter } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const timeout = 300_000;

/** As Node's reporter counts. */
export type Counts = Record<"tests" | "pass" | "fail" | "skipped", number>;

/** Runs one file of tests with that Node. A file that ends without its counts has failed as a whole. */
export async function runFile(node: string, file: string): Promise<{ counts: Counts; output: string }> {
  const child = spawn(node, ["--test", `--test-timeout=${timeout}`, "--test-reporter=spec", file], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", PATH: [dirname(node), process.env["PATH"]].join(delimiter) },
  });
  const [output, messages, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const counts = countsOf(output) ?? { tests: 1, pass: 0, fail: 1, skipped: 0 };
  if (status !== 0 && counts.fail === 0) counts.fail = 1;
  return { counts, output: `${output}${messages}` };
}

function countsOf(output: string): Counts | undefined {
  const count = (name: string): number => Number(new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(output)?.[1]);
  const counts = { tests: count("tests"), pass: count("pass"), fail: count("fail"), skipped: count("skipped") };
  return Object.values(counts).some(Number.isNaN) ? undefined : counts;
}
