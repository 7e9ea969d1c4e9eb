import module from "node:module";
import { isTypescript, strippedSource } from "./typescript-source.ts";

/** What this file uses of `module.registerHooks`, which the types for Node 20 do not know. */
type Load = (url: string, context: object, nextLoad: (url: string, context: object) => object) => object;
type HookRegistry = { registerHooks(hooks: { load: Load }): void };

let registered = false;

/** Whether that version of Node has hooks that run in the importing thread: from 22.15 and 23.5. */
export function hooksExist(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 15);
}

/** Has Node's own loader take TypeScript as `strippedSource` gives it, so that Node's own stripper is never loaded. */
export function registerTypescriptHooks(): void {
  if (registered) return;
  registered = true;
  (module as unknown as HookRegistry).registerHooks({ load });
}

const load: Load = (url, context, nextLoad) =>
  isTypescript(url) ? { format: "module", source: strippedSource(url), shortCircuit: true } : nextLoad(url, context);
