import { isDaemon, type Daemon } from "../define-daemon.ts";
import { ForkdError } from "../errors.ts";
import { loadModule } from "./load-module.ts";

/** The daemon that a module exports as its default. */
export async function loadDaemon(path: string): Promise<Daemon> {
  const { default: exported } = await loadModule(path);
  if (isDaemon(exported)) return exported;
  throw new ForkdError(
    "FORKD_E_MODULE_EXPORT",
    `${path} must export a daemon as its default; ${describe(exported)}. ` +
      'Write: export default defineDaemon({ … }), with defineDaemon from "forkd".',
  );
}

function describe(exported: unknown): string {
  if (exported === undefined) return "it has no default export";
  return `its default export is ${exported === null ? "null" : `of type ${typeof exported}`}, not made by defineDaemon`;
}
