import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test, type TestContext } from "node:test";
import { native } from "../../dist/native.js";
import { exchange } from "../support/client.ts";
import { cli, fixture } from "../support/daemon.ts";
import { runtimeDir } from "../support/runtime-dir.ts";
import { processesWith } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const forkd = new URL("../../dist/index.js", import.meta.url).href;
const serving = `import { defineDaemon } from "${forkd}";\n`;
/** A module that would serve, but for the options that it gives. */
const withOptions = (options: string): string => `${serving}export default defineDaemon({ ${options}, serve() {} });\n`;

const mistake = 100;
const refused = 111;
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** What is wrong with a module, and what is said of it. */
const modules: readonly { what: string; name?: string; source: string; status: number; says: RegExp }[] = [
  {
    what: "does not parse",
    source: "export default {\n  oops oops\n};\n",
    status: mistake,
    says: /^forkd: The module (\S+) could not be loaded\. Mend this: SyntaxError: .*\n(file:\/\/)?\1:2\n/m,
  },
  {
    what: "does not parse, in TypeScript",
    name: "module.ts",
    source: "export default {\n  oops oops\n};\n",
    status: mistake,
    says: /^forkd: The module (\S+) could not be loaded\.[^]*\1:2/m,
  },
  {
    what: "throws while it loads",
    source: "function load() {\n  throw new RangeError('too far');\n}\nload();\n",
    status: mistake,
    says: /^forkd: The module (\S+) could not .*: RangeError: too far\nRangeError: too far\n +at load \(file:\/\/\1:2:9\)/m,
  },
  {
    what: "throws while it loads, in TypeScript",
    name: "module.ts",
    source: "type Far = number;\nfunction load(far: Far) {\n  throw new RangeError(`${far}`);\n}\nload(9);\n",
    status: mistake,
    says: /^forkd: The module (\S+) could not .*: RangeError: 9\nRangeError: 9\n +at load \(file:\/\/\1:3:9\)/m,
  },
  {
    what: "throws what is no error",
    source: "throw 'a fit';\n",
    status: mistake,
    says: /^forkd: The module \S+ could not be loaded\. .*: a fit\n/m,
  },
  {
    what: "has no default export",
    source: "export const daemon = 1;\n",
    status: mistake,
    says: /^forkd: \S+ must export a daemon as its default; it has no default export\. Write: export default defineDaemon/m,
  },
  {
    what: "exports something else",
    source: "export default { serve() {} };\n",
    status: mistake,
    says: /^forkd: \S+ must export .*; its default export is of type object, not made by defineDaemon\. Write: /m,
  },
  {
    what: "exits while it loads",
    source: "process.exit(0);\n",
    status: mistake,
    says: /^forkd: \S+ ended its process before it was ready: exit 0\. It must not call process\.exit\(\)/m,
  },
  {
    what: "waits for what never comes",
    source: "await new Promise(() => {});\n",
    status: mistake,
    says: /^forkd: \S+ ended its process before it was ready: exit \d+\. It must not call process\.exit\(\)/m,
  },
  {
    what: "crashes while it loads",
    source: "process.kill(process.pid, 'SIGSEGV');\nsetInterval(() => {}, 1000);\nawait new Promise(() => {});\n",
    status: refused,
    says: /^forkd: The process that loads \S+ was ended before it was ready: SIGSEGV\. /m,
  },
  {
    what: "throws in a timer while it loads",
    source: "setTimeout(() => {\n  throw new Error('late trouble');\n}, 1);\nawait new Promise(() => undefined);",
    status: mistake,
    says: /^forkd: (\S+) failed before it was ready\. Mend this:\nError: late trouble\n +at .*\(file:\/\/\1:2:9\)/m,
  },
  {
    what: "leaves a rejection unhandled",
    source: "void Promise.reject(new Error('nobody listens'));\nawait new Promise(() => undefined);",
    status: mistake,
    says: /^forkd: (\S+) failed before it was ready\. Mend this:\nError: nobody listens\n +at file:\/\/\1:1:\d+/m,
  },
  {
    what: "has a beforeFork that throws",
    source: withOptions("beforeFork() {\n  throw new Error('no forks today');\n}"),
    status: mistake,
    says: /^forkd: beforeFork of (\S+) failed\. Mend this:\nError: no forks today\n +at .*beforeFork \(file:\/\/\1:3:9\)/m,
  },
  {
    what: "has a beforeFork that rejects",
    source: withOptions("async beforeFork() {\n  throw new Error('no forks today');\n}"),
    status: mistake,
    says: /^forkd: beforeFork of (\S+) failed\. Mend this:\nError: no forks today\n +at .*beforeFork \(file:\/\/\1:3:9\)/m,
  },
  {
    what: "has an unknown option",
    source: withOptions("maxConection: 3"),
    status: mistake,
    says: /^forkd: Unknown option "maxConection" in the module; did you mean "maxConnections"\?\n/m,
  },
  {
    what: "has a duration in parsecs",
    source: withOptions('idleTimeout: "10 parsecs"'),
    status: mistake,
    says: /^forkd: idleTimeout must be a duration such as .*; received "10 parsecs" \(from the module\)\./m,
  },
  {
    what: "has maxConnections 0",
    source: withOptions("maxConnections: 0"),
    status: mistake,
    says: /^forkd: maxConnections must be a whole number from 1 to \d+; received 0 \(from the module\)\./m,
  },
  {
    what: "has a malformed address",
    source: withOptions('listen: "127.0.0.1:99999"'),
    status: mistake,
    says: /^forkd: listen must be an address such as .*; received "127\.0\.0\.1:99999" .* The port is a whole number/m,
  },
];

void suite("forkd run refuses a module that", () => {
  for (const { what, name = "module.mjs", source, status, says } of modules) {
    void test(what, async (t) => {
      const path = await moduleOf(t, source, name);
      // A flag beats the module.
      const listen = source.includes("listen:") ? [] : ["--listen", "127.0.0.1:0"];
      await assertFails(["run", path, ...listen], status, says);
    });
  }

  void test("does not exist", async () => {
    await assertFails(
      ["run", "/nowhere/at-all.ts"],
      mistake,
      /^forkd: There is no module \/nowhere\/at-all\.ts: give /,
    );
  });
});

void suite("forkd run refuses", () => {
  const cases: readonly [flags: string, status: number, says: RegExp][] = [
    [
      "--listen 127.0.0.1",
      mistake,
      /^forkd: listen must be .*; received "127\.0\.0\.1" \(from --listen\)\. The port is missing/,
    ],
    [
      "--idle-timeout 10parsecs",
      mistake,
      /^forkd: idleTimeout must be .*; received "10parsecs" \(from --idle-timeout\)\./,
    ],
    ["--max-connections 0", mistake, /^forkd: maxConnections must be .*; received .* \(from --max-connections\)\./],
    [
      "--max-conections 3",
      mistake,
      /^forkd: Unknown option '--max-conections'; did you mean --max-connections\? See: forkd run --help\n$/,
    ],
    [
      "--listen 192.0.2.1:0",
      refused,
      /^forkd: Cannot listen on 192\.0\.2\.1:0: EADDRNOTAVAIL \(.*\); no interface .*--listen\.\n$/,
    ],
    [
      "--listen unix:/nowhere/socket",
      refused,
      /^forkd: Cannot listen on unix:\/nowhere\/socket: ENOENT \(.*\); .*--listen\.\n$/,
    ],
    ["--listen 127.0.0.1:0 --listen 192.0.2.1:0", refused, /^forkd: Cannot listen on 192\.0\.2\.1:0: /],
  ];
  for (const [flags, status, says] of cases) {
    void test(flags, () => assertFails(["run", fixture("commands"), ...flags.split(" ")], status, says));
  }

  void test("a port in use", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const says = new RegExp(
      `^forkd: Cannot listen on 127\\.0\\.0\\.1:${port}: EADDRINUSE \\(.*\\); another program .*ss -ltnp`,
    );
    await assertFails(["run", fixture("commands"), "--listen", `127.0.0.1:${port}`], refused, says);
  });

  void test("a Unix socket on which somebody listens", async (t) => {
    const folder = await temporaryFolder(t);
    const server = createServer().listen(join(folder, "socket"));
    t.after(() => server.close());
    await once(server, "listening");
    const says = /^forkd: Cannot listen on unix:\S+: EADDRINUSE \(.*\); another program listens there/;
    await assertFails(["run", fixture("commands"), "--listen", `unix:${folder}/socket`], refused, says);
  });

  void test("a privileged port to who is not root", { skip: privilegeIsMissing() }, async (t) => {
    const path = await moduleOf(t, withOptions('name: "low"'));
    const says = /^forkd: Cannot listen on 127\.0\.0\.1:1: EACCES \(.*\); ports below 1024 need root.*--listen/;
    const args = ["run", path, "--listen", "127.0.0.1:1"];
    await assertFails(args, refused, says, process.getuid?.() === 0 ? asNobody : []);
  });

  void test("an unknown variable", async () => {
    const says = /^forkd: Unknown variable "FORKD_MAX_CONECTIONS"; did you mean "FORKD_MAX_CONNECTIONS"\?\n$/;
    await assertFails(["run", fixture("commands")], mistake, says, ["env", "FORKD_MAX_CONECTIONS=3"]);
  });
});

void test("what a module prints while it loads goes to the log, not to stdout", async (t) => {
  const printing =
    'console.log("said early");\nconsole.error("and loudly");\nprocess.stdout.write("without an end");\n';
  const path = await moduleOf(t, `${printing}throw new Error("after that");\n`);
  const { status, stdout, stderr } = await runToEnd(["run", path, "--listen", "127.0.0.1:0"]);
  assert.equal(status, mistake);
  assert.equal(stdout, "");
  for (const words of ["said early", "and loudly", "without an end"]) assert.ok(stderr.includes(`"msg":"${words}"`));
});

void test("a caller who no longer waits on --ready-fd is missed, and the daemon serves", async (t) => {
  const [readEnd, writeEnd] = native.pipe(4096) as [number, number];
  native.close(readEnd);
  const child = spawn(
    process.execPath,
    [cli, "run", fixture("commands"), "--listen", "127.0.0.1:0", "--log-format", "json", "--ready-fd", "3"],
    { stdio: ["ignore", "ignore", "pipe", writeEnd] },
  );
  t.after(() => child.kill("SIGQUIT"));
  native.close(writeEnd);
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (log += part));
  const [, warning = ""] = await waitFor("the warning", () => {
    const lines = log.split("\n");
    return lines.length > 2 ? lines : undefined;
  });
  const { level, msg } = JSON.parse(warning) as { level: string; msg: string };
  assert.equal(level, "warn");
  assert.equal(msg, "nobody was told on --ready-fd 3 that the daemon is ready: EPIPE (broken pipe)");
  const [, port] = /127\.0\.0\.1:(\d+)/.exec(log) ?? [];
  assert.match(await exchange(Number(port), "pid\n"), /^\d+\n$/);
  child.kill("SIGTERM");
  await waitFor("the end", () => child.exitCode !== null);
  assert.equal(child.exitCode, 0);
});

void test("a wrong command line leaves nothing of what was started before it was read", async () => {
  for (const args of [["run"], ["run", "--nonsense", "x.ts"], ["run", "x.ts", "--ready-fd", "99"]]) {
    await assertFails(args, mistake, /^forkd: /);
  }
});

void test("no descriptor of forkd's own is taken for one that a caller has passed as --ready-fd", async () => {
  for (let fd = 3; fd < 32; fd++) {
    await assertFails(["run", "no-module.ts", "--ready-fd", String(fd)], mistake, /^forkd: --ready-fd must be /);
  }
});

void test("a daemon that is told to stop while its module still loads, stops", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
    const path = await moduleOf(t, 'console.error("loading");\nfor (;;);\n');
    const mark = randomUUID();
    const child = start([process.execPath, cli, "run", path], mark);
    t.after(() => child.kill("SIGKILL"));
    await waitFor("the module to be loading", () => {
      const zygote = processesWith(`TEST_DAEMON=${mark}`).find((pid) => pid !== child.pid);
      return zygote !== undefined && readFileSync(`/proc/${zygote}/cmdline`, "utf8").startsWith("forkd: zygote");
    });
    child.kill(signal);
    await waitFor("the end", () => child.exitCode !== null || child.signalCode !== null);
    assert.equal(child.exitCode, 0);
    assert.deepEqual(processesWith(`TEST_DAEMON=${mark}`), []);
  }
});

async function assertFails(args: readonly string[], status: number, says: RegExp, prefix: readonly string[] = []) {
  const result = await runToEnd(args, prefix);
  assert.match(result.stderr, says);
  assert.equal(result.stdout, "");
  assert.equal(result.status, status, result.stderr);
}

/** Runs it to its end, after which nothing may be left of it. */
async function runToEnd(args: readonly string[], prefix: readonly string[] = []) {
  const mark = randomUUID();
  const child = start([...prefix, process.execPath, cli, ...args], mark);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await waitFor("the command's end", () => child.exitCode !== null || child.signalCode !== null);
  assert.deepEqual(processesWith(`TEST_DAEMON=${mark}`), []);
  return { status: child.exitCode, stdout, stderr };
}

function start([command = "", ...args]: readonly string[], mark: string) {
  // A folder for each: some of them run as another user.
  const env = { ...process.env, TEST_DAEMON: mark, FORKD_RUNTIME_DIR: join(runtimeDir, mark) };
  return spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env, timeout: 30_000, killSignal: "SIGQUIT" });
}

async function moduleOf(t: TestContext, source: string, name = "module.mjs"): Promise<string> {
  const path = join(await temporaryFolder(t), name);
  await writeFile(path, source);
  return path;
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "forkd-test-"));
  t.after(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  return folder;
}

/** Why no port can be refused for want of privilege here, if so. */
function privilegeIsMissing(): string | false {
  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  if (first <= 1) return "here every port is open to everybody (net.ipv4.ip_unprivileged_port_start)";
  if (process.getuid?.() !== 0) return false;
  const { status } = spawnSync("setpriv", [...asNobody.slice(1), process.execPath, cli, "--version"]);
  return status === 0
    ? false
    : "needs setpriv, and a folder that others may read; on Debian: apt-get install util-linux";
}
