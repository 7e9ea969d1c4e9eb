/** A server that does the benchmark's job: each line comes back in upper case, until QUIT or the end of input. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** The program that runs it, and the Debian package that has it. */
  readonly program: Program;
  readonly args: readonly string[];
  /** The descriptor on which it writes the address where it listens, once it is ready. */
  readonly readyOn: 1 | 3;
  /** Whether a connection has a process to itself, or shares one with all others. */
  readonly process: "own" | "shared";
  /** Whether the memory of its connections is measured too. */
  readonly memory: boolean;
  /** Whether it is also measured over many connections, for what a long life does to it. */
  readonly decay: boolean;
}

export interface Program {
  /** A name to be found on PATH, a path, or a C source in bench/ that the benchmark compiles. */
  readonly file: string;
  readonly debianPackage: string;
}

/** The contestant that all others are compared with. */
export const reference = "forkd-fresh-blocking";

const node: Program = { file: process.execPath, debianPackage: "nodejs" };

/** What every contestant that has such a limit is told, so that no measurement may open more at a time. */
export const maxConnections = 128;

export const contestants: readonly Contestant[] = [
  forkd("forkd-fresh-blocking", "forkd, a fresh process per connection, blocking handler", "blocking", 1),
  forkd("forkd-fresh-async", "forkd, a fresh process per connection, async handler", "async", 1),
  forkd("forkd-reused-blocking", "forkd, a process per 100 connections, blocking handler", "blocking", 100),
  forkd("forkd-reused-async", "forkd, a process per 100 connections, async handler", "async", 100),
  {
    ...peer("c-fork", "C, accept() and fork()", { file: "peers/accept-fork.c", debianPackage: "gcc" }, []),
    decay: true, // the control: what decays here too is the machine's doing
  },
  peer("php-fork", "PHP, pcntl_fork()", { file: "php", debianPackage: "php-cli" }, ["bench/peers/pcntl-fork.php"]),
  peer("python-fork", "Python, socketserver.ForkingTCPServer", { file: "python3", debianPackage: "python3" }, [
    "bench/peers/forking_server.py",
  ]),
  peer("node-fork", "Node, child_process.fork() per connection", node, ["build-bench/peers/child-process-fork.js"]),
  {
    ...peer("node-net", "Node, one process for all connections", node, ["build-bench/peers/node-net.js"]),
    process: "shared",
  },
];

function peer(name: string, title: string, program: Program, args: readonly string[]): Contestant {
  return { name, title, program, args, readyOn: 1, process: "own", memory: true, decay: false };
}

function forkd(name: string, title: string, module: string, connectionsPerWorker: number): Contestant {
  const options = [
    ["--name", name],
    ["--runtime-dir", "build-bench/run"],
    ["--listen", "127.0.0.1:0"],
    ["--max-connections", String(maxConnections)],
    ["--connections-per-worker", String(connectionsPerWorker)],
    ["--log-level", "warn"], // the others log nothing
    ["--ready-fd", "3"],
  ];
  return {
    name,
    title,
    program: node,
    args: ["dist/cli/main.js", "run", `build-bench/forkd/${module}.js`, ...options.flat()],
    readyOn: 3,
    process: "own",
    memory: connectionsPerWorker === 1,
    decay: connectionsPerWorker === 1,
  };
}
