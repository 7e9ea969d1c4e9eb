import type { PipeLog } from "../log/pipe-log.ts";

/** User code finds a process like any other. */
export function hideFromUserCode(title: string, modulePath: string, pipeLog: PipeLog): void {
  process.title = title;
  process.argv.splice(1, process.argv.length, modulePath);
  process.execArgv.length = 0;
  pipeLog.captureOutput();
}
