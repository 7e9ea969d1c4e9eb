import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import type { Settings } from "../../dist/config/settings.js";
import { limitBehind, limitKilledAt, limitsOfKernel } from "../../dist/scoreboard/limits.js";

const { SIGKILL, SIGSEGV, SIGXCPU, SIGXFSZ } = constants.signals;

const off = {
  "limits.memory": -1,
  "limits.cpu": 0,
  "limits.openFiles": -1,
  "limits.fileSize": -1,
  "limits.processes": -1,
  "limits.core": -1,
} as Settings;
const on = {
  "limits.memory": 2 ** 28,
  "limits.cpu": 2000,
  "limits.openFiles": 64,
  "limits.fileSize": 0,
  "limits.processes": 10,
  "limits.core": 0,
} as Settings;

void test("the kernel is given each limit in its own unit, and below zero for none", () => {
  assert.deepEqual([...limitsOfKernel(off)], [-1, -1, -1, -1, -1, -1]);
  assert.deepEqual([...limitsOfKernel(on)], [2 ** 28, 2, 64, 0, 10, 0]);
});

void test("a worker's death tells the limit, if there is one", () => {
  const cases = [
    [SIGXCPU, 1990, "cpu limit"],
    [SIGKILL, 2000, "cpu limit"],
    [SIGKILL, 1999, undefined],
    [SIGXFSZ, 0, "file size limit"],
    [SIGSEGV, 5000, undefined],
    [0, 5000, undefined],
  ] as const;
  for (const [signal, cpuMs, limit] of cases) {
    assert.equal(limitKilledAt({ signal, cpuMs }, on), limit);
    assert.equal(limitKilledAt({ signal, cpuMs }, off), undefined);
  }
});

void test("an error tells the limit, if there is one", () => {
  const cases = [
    [new RangeError("Array buffer allocation failed"), "memory limit"],
    [new RangeError("WebAssembly.Memory(): could not allocate memory"), "memory limit"],
    [new RangeError("Invalid array length"), undefined],
    [new Error("Array buffer allocation failed"), undefined],
    [systemError("ENOMEM", "read"), "memory limit"],
    [systemError("ERR_MEMORY_ALLOCATION_FAILED"), "memory limit"],
    [systemError("EMFILE", "open"), "open files limit"],
    [systemError("EFBIG", "write"), "file size limit"],
    [systemError("EAGAIN", "spawn true"), "processes limit"],
    [systemError("EAGAIN", "spawnSync true"), "processes limit"],
    [Object.assign(new Error("EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" }), "processes limit"],
    [systemError("ERR_WORKER_INIT_FAILED"), undefined],
    [systemError("EAGAIN", "read"), undefined],
    [systemError("ENOENT", "open"), undefined],
    ["EMFILE", undefined],
    [undefined, undefined],
  ] as const;
  for (const [error, limit] of cases) {
    assert.equal(limitBehind(error, on), limit, String(error));
    assert.equal(limitBehind(error, off), undefined, String(error));
  }
});

function systemError(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) });
}
