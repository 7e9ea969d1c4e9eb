import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { cli, fixture } from "../support/daemon.ts";
import { readLog } from "../support/log-file.ts";
import { Place } from "../support/place.ts";
import { waitFor } from "../support/wait-for.ts";

const scriptIsMissing =
  spawnSync("script", ["--version"]).status !== 0 && "needs script(1); on Debian: apt-get install bsdutils";

void test("a daemon in the background writes nothing to the terminal, and outlives it", {
  skip: scriptIsMissing,
}, async (t) => {
  const place = new Place(t);
  const log = join(place.folder, "daemon.log");
  const start = [process.execPath, cli, "start", fixture("commands"), "--listen", "127.0.0.1:0", "--log-file", log];
  const command = `${start.join(" ")}; read line; echo "heard $line"`;
  const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, ...place.variables, SHELL: "/bin/sh" },
  });
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const port = Number(await waitFor(`the start: ${shown}`, () => /started, .*:(\d+)\r\n/.exec(shown)?.[1]));
  await exchange(port, "print loud\n");
  await exchange(port, "throw\n");
  await exchange(port, "signal SIGSEGV\n");
  for (const words of ["loud", "thrown by the handler", "killed by SIGSEGV"]) {
    await waitFor(`${words} in the log`, () => readLog(log).includes(words));
  }
  terminal.stdin.write("that\n");
  await waitFor("the terminal's end", () => terminal.exitCode !== null);
  const lines = shown.replaceAll("\r\n", "\n").replaceAll(/\d+/g, "N");
  assert.equal(lines, "commands: started, pid N, listening on N.N.N.N:N\nthat\nheard that\n");
  assert.match(await exchange(port, "pid\n"), /^\d+\n$/);
});
