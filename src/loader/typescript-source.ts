import { spawnSync } from "node:child_process";
import { closeSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Stripped, StripFailure } from "./typescript-strip.ts";

const stripper = fileURLToPath(new URL("./typescript-strip.js", import.meta.url));

/**
 * What has been stripped so far, by path. Kept: V8 holds the source of a loaded module in any case, and a worker
 * that imports another file by a literal path finds it here instead of starting a process for each connection.
 */
export const strippedFiles = new Map<string, Stripped>();

export type StrippedFiles = Readonly<Record<string, Stripped>>;

/** In a spawned worker: what its zygote has had stripped. */
export function adoptStripped(files: StrippedFiles): void {
  for (const [file, stripped] of Object.entries(files)) strippedFiles.set(file, stripped);
}

/** In the zygote: what was stripped ahead, by the descriptor that it comes from. Nothing if that failed: it will again, and be told. */
export function takeStripped(output: number): void {
  try {
    adoptStripped(JSON.parse(readFileSync(output, "utf8")) as StrippedFiles);
  } catch {
    // the process has ended before it had said anything, or all of it
  }
  closeSync(output);
}

/** Whether forkd strips this module's types. Like Node, it does not do so for packages. */
export function isTypescript(url: string): boolean {
  return url.startsWith("file:") && /\.m?ts$/.test(new URL(url).pathname) && !url.includes("/node_modules/");
}

/**
 * The JavaScript of a TypeScript file, every token in its own line and column.
 *
 * @throws SyntaxError for what is no TypeScript, or is not erasable; its stack names file, line and source.
 */
export function strippedSource(url: string): string {
  const path = fileURLToPath(url);
  const stripped = strippedFiles.get(path) ?? strip(path);
  if ("failure" in stripped) throw errorFor(path, stripped.failure);
  return stripped.code;
}

/** Strips this file, and all that it reaches by relative paths, in a process that has ended when this returns. */
function strip(path: string): Stripped {
  const { program, args, env } = strippingOf(path);
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    env,
    encoding: "utf8",
    maxBuffer: Infinity,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) {
    const reason = error?.message ?? `${signal ?? `exit status ${status}`}: ${stderr}`;
    throw new Error(`The process that strips the types of ${path} failed (${reason}).`, { cause: error });
  }
  const files: StrippedFiles = JSON.parse(stdout);
  adoptStripped(files);
  return files[path]!;
}

/** The command that strips a file, and what it reaches, and its environment. */
export function strippingOf(path: string): { program: string; args: string[]; env: NodeJS.ProcessEnv } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return { program: process.execPath, args: [stripper, path], env };
}

/** The error that Node itself raises for such a file. */
function errorFor(path: string, { code, message, place }: StripFailure): Error {
  if (place === undefined) return Object.assign(new Error(message), { code });
  const error = Object.assign(new SyntaxError(message), { code });
  error.stack = `${path}:${place.line}\n${place.snippet}\n${error.name} [${code}]: ${message}`;
  return error;
}
