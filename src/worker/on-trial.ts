import { constants } from "node:os";
import { inspect } from "node:util";
import { native } from "../native.ts";
import { TrialNote } from "../scoreboard/trial-note.ts";
import { leave } from "./leaving.ts";
import { logUncaught, startWorker, type Worker, type Workplace } from "./main.ts";
import { endAtUncaughtErrors } from "./uncaught.ts";

/** From now on the zygote is told why the worker does not get ready, instead of the log. */
export function failOnTrial(workplace: Workplace): void {
  const note = new TrialNote(workplace.slot.page);
  endAtUncaughtErrors((error) => {
    if (note.isReady) logUncaught(workplace, error);
    else note.fail(inspect(error));
  });
}

/** Gets ready as every worker does, and leaves instead of waiting for a connection. */
export function startOnTrial(worker: Worker, zygote: number): void {
  // Nobody else knows of it, and while it is not through afterFork it would not heed the signal of orphans.
  if (native.dieWithParent(zygote, constants.signals.SIGKILL) < 0) native.exit(0);
  startWorker(worker, () => {
    new TrialNote(worker.slot.page).markReady();
    leave();
  });
}
