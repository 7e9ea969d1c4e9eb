import { constants } from "node:os";
import { native } from "../native.ts";
import { EndedWorker, killGroup } from "../scoreboard/ended-worker.ts";

const { SIGKILL } = constants.signals;
const glance = 1000;

/**
 * Waits, without an event loop, until a child that was bred on trial has ended: how it did; undefined if it had to be
 * killed because it took longer than `patience`. The programs that it has started end with it.
 */
export function waitForTrial(pid: number, patience: number): EndedWorker | undefined {
  const ended = new EndedWorker();
  const until = performance.now() + patience;
  for (;;) {
    const seen = native.bellCount();
    if (native.ended(pid, ended.words) !== 0) return reap(ended);
    const left = until - performance.now();
    if (left <= 0) return kill(pid);
    native.waitForBell(seen, Math.min(left, glance));
  }
}

function reap(ended: EndedWorker): EndedWorker {
  killGroup(ended.pid);
  native.reap(ended.pid);
  return ended;
}

function kill(pid: number): undefined {
  native.kill(pid, SIGKILL);
  waitForTrial(pid, Infinity);
}
