import { spawn, type ChildProcess } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";
import { isTypescript, strippingOf } from "./typescript-source.ts";

/** A process that strips a module of its types while the Node still boots that is to load it. */
export interface StrippingAhead {
  readonly process: ChildProcess;
  /** The descriptor from which that Node can take what comes of it. */
  readonly output: number;
}

const pipeSize = 64 * 1024;

/**
 * None for a module in JavaScript, for what is no file, which may be endless, and where there is no process to be had: who loads the
 * module sees to it then.
 */
export function stripAhead(modulePath: string): StrippingAhead | undefined {
  try {
    const file = realpathSync(modulePath);
    const isToStrip = isTypescript(pathToFileURL(file).href) && statSync(file).isFile();
    return isToStrip ? startStripping(file) : undefined;
  } catch {
    return undefined;
  }
}

function startStripping(file: string): StrippingAhead {
  const [output, input] = succeeded("Making a pipe", native.pipe(pipeSize));
  try {
    const { program, args, env } = strippingOf(file);
    const stripper = spawn(program, args, { env, stdio: ["ignore", input, "ignore"] });
    stripper.on("error", () => undefined); // nothing comes out of the pipe then
    return { process: stripper, output };
  } catch (error) {
    native.close(output);
    throw error;
  } finally {
    native.close(input);
  }
}
