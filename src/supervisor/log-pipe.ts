import { native } from "../native.ts";
import { succeeded } from "../system-error.ts";

/** Both ends: the one that the supervisor reads, and the one for zygotes. */
export type LogPipe = readonly [number, number];

const size = 1024 * 1024;

/** The pipe that zygotes and workers send their records through. */
export const makeLogPipe = (): LogPipe => succeeded("Making a pipe", native.pipe(size));
