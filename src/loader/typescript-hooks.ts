import module from "node:module";
import { isTypescript, strippedSource } from "./typescript-source.ts";

/** What this file uses of `module.registerHooks`, which the types for Node 20 do not know. */
type Load = (url: string, context: object, nextLoad: (url: string, context: object) => object) => object;
type HookRegistry = { registerHooks(hooks: { load: Load }): void };

let registered = false;

/** Has Node's own loader take TypeScript as `strippedSource` gives it, so that Node's own stripper is never loaded. */
export function registerTypescriptHooks(): void {
  if (registered) return;
  registered = true;
  (module as unknown as HookRegistry).registerHooks({ load });
}

const load: Load = (url, context, nextLoad) =>
  isTypescript(url) ? { format: "module", source: strippedSource(url), shortCircuit: true } : nextLoad(url, context);
