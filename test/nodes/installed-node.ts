import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ownMajor } from "./options.ts";

const run = promisify(execFile);
const cache = fileURLToPath(new URL("../../build-nodes/", import.meta.url));

/** A Node of that major version: the one that runs this, or an npm package's, which is fetched if it is not there yet. */
export async function installedNode(major: string): Promise<{ path: string; version: string }> {
  if (major === ownMajor) return { path: process.execPath, version: process.versions.node };
  const name = `node-linux-${process.arch}`;
  const folder = join(cache, major);
  const path = join(folder, "node_modules", name, "bin", "node");
  if (!existsSync(path)) await install(folder, `${name}@${major}`);
  const { stdout } = await run(path, ["-p", "process.versions.node"]);
  return { path, version: stdout.trim() };
}

async function install(folder: string, packageName: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, packageName]);
}
