import { fileURLToPath } from "node:url";
import { encodeBriefing } from "../control/briefing.ts";
import { loaderFlags } from "../loader/loader-flags.ts";
import { strippedFiles } from "../loader/typescript-source.ts";
import { native } from "../native.ts";
import { environmentList, nullTerminated } from "../null-terminated.ts";
import { State } from "../scoreboard/states.ts";
import { succeeded } from "../system-error.ts";
import type { Breeder } from "./breeder.ts";
import type { Commission } from "./control.ts";

const workerProgram = fileURLToPath(new URL("../worker/spawned.js", import.meta.url));

/** As this process found them, before user code could change them. */
export interface Surroundings {
  readonly modulePath: string;
  readonly directory: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly supervisor: number;
}

/** Fresh processes, each of which loads the module itself. */
export function spawning(commission: Commission, { variables, ...surroundings }: Surroundings): Breeder {
  const { settings, generation, scoreboard, listeners } = commission;
  const briefing = encodeBriefing({
    ...surroundings,
    settings,
    generation,
    zygote: process.pid,
    listeners: listeners.length,
    typescript: Object.fromEntries(strippedFiles),
  });
  const descriptors = [scoreboard, succeeded("Writing the workers' briefing", native.sealed(briefing)), ...listeners];
  const environment = environmentList(variables);
  const command = [process.execPath, ...loaderFlags(process.version), workerProgram];
  return {
    verb: "spawn",
    readyState: State.idle,
    breed: (slot, _generation, forkNumber) =>
      native.spawn(
        process.execPath,
        nullTerminated([...command, `${slot}`, `${forkNumber}`]),
        environment,
        descriptors,
      ),
  };
}
