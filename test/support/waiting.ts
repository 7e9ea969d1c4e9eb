import { constants } from "node:os";
import { native } from "../../dist/native.js";
import { hasSignal } from "./processes.ts";

/**
 * Whether a worker waits for a connection: it has heard of being a worker, and so handles the signal of its zygote's death,
 * and does not hold SIGTERM back.
 */
export const isWaiting = (pid: number): boolean =>
  hasSignal(pid, "SigCgt", native.orphaned) && !hasSignal(pid, "SigBlk", constants.signals.SIGTERM);
