import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const headers = fileURLToPath(new URL("node_modules/node-api-headers/include", root));

/** Makes the native addon whose source is in test/fixtures, under that name, and puts it at that path. */
export function compileAddon(name: string, path: string): void {
  const source = fileURLToPath(new URL(`test/fixtures/${name}.c`, root));
  execFileSync("cc", ["-std=c11", "-Wall", "-Wextra", "-fPIC", "-shared", `-I${headers}`, source, "-o", path]);
}
