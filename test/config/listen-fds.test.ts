import assert from "node:assert/strict";
import { test } from "node:test";
import { readPassedSockets } from "../../dist/config/listen-fds.js";

const pid = 4711;

void test("sockets are passed from descriptor 3 on, with names if there are any", () => {
  const variables = { LISTEN_PID: "4711", LISTEN_FDS: "3", LISTEN_FDNAMES: "web:admin" };
  assert.deepEqual(readPassedSockets(variables, pid), [
    { fd: 3, name: "web" },
    { fd: 4, name: "admin" },
    { fd: 5, name: "" },
  ]);
  assert.deepEqual(readPassedSockets({ LISTEN_PID: "4711", LISTEN_FDS: "1" }, pid), [{ fd: 3, name: "" }]);
});

void test("sockets for another process, or for nobody, are none", () => {
  for (const LISTEN_PID of [undefined, "", "0", "4710", "47110", "04711"]) {
    assert.deepEqual(readPassedSockets({ LISTEN_PID, LISTEN_FDS: "1" }, pid), []);
  }
  assert.deepEqual(readPassedSockets({ LISTEN_PID: "4711" }, pid), []);
});

void test("a count that is none, or too large, is refused", () => {
  for (const LISTEN_FDS of ["", "0", "-1", "1.5", "03", "61", "many"]) {
    assert.throws(() => readPassedSockets({ LISTEN_PID: "4711", LISTEN_FDS }, pid), {
      code: "FORKD_E_OPTION",
      message:
        "LISTEN_FDS must be a whole number from 1 to 60, as LISTEN_PID names this process; " +
        `received ${JSON.stringify(LISTEN_FDS)}. Pass as many sockets, or unset LISTEN_PID to listen on --listen.`,
    });
  }
  assert.equal(readPassedSockets({ LISTEN_PID: "4711", LISTEN_FDS: "60" }, pid).length, 60);
});
