import type { Contestant, Program, Setting } from "./contestant.ts";
import { maxConnections, node } from "./contestant.ts";
import { writeXinetdConfiguration } from "./xinetd.ts";

const cc: Program = { file: "peers/accept-fork.c", debianPackage: "gcc", versionArgs: ["--version"] };
const php: Program = { file: "php", debianPackage: "php-cli", versionArgs: ["--version"] };
const python: Program = { file: "python3", debianPackage: "python3", versionArgs: ["--version"] };
const xinetd: Program = { file: "xinetd", debianPackage: "xinetd", versionArgs: ["-version"] };
const tcpserver: Program = { file: "tcpserver", debianPackage: "ucspi-tcp", versionArgs: undefined };
const socat: Program = { file: "socat", debianPackage: "socat", versionArgs: ["-V"] };
const perl: Program = {
  file: "perl",
  debianPackage: "libnet-server-perl",
  versionArgs: ["-MNet::Server", "-e", 'print "Perl $^V, Net::Server $Net::Server::VERSION"'],
};

/** Those who give each connection a process of its own, forked or forked and filled by another program. */
const forking: readonly Contestant[] = [
  peer("c-fork", "C, accept() and fork()", cc, () => []),
  peer("php-fork", "PHP, pcntl_fork()", php, () => ["bench/peers/pcntl-fork.php"]),
  peer("python-fork", "Python, socketserver.ForkingTCPServer", python, () => ["bench/peers/forking_server.py"]),
  peer("perl-fork", "Perl, Net::Server::Fork", perl, () => ["bench/peers/net-server-fork.pl"]),
  peer("perl-prefork", "Perl, Net::Server::PreFork, max_requests 1", perl, () => ["bench/peers/net-server-prefork.pl"]),
  { ...peer("xinetd", "xinetd and a C program", xinetd, xinetdArgs), announces: "nothing" },
  peer("tcpserver", "tcpserver and a C program", tcpserver, tcpserverArgs),
  { ...peer("socat", "socat, fork, and a C program", socat, socatArgs), announces: "nothing" },
];

/** What Node has. */
const nodes: readonly Contestant[] = [
  {
    ...peer("node-fork", "Node, child_process.fork() per connection", node, script("child-process-fork")),
    weight: "heavy",
  },
  { ...peer("node-net", "Node, one process for all connections", node, script("node-net")), process: "shared" },
  {
    ...peer("node-cluster", "Node, node:cluster, a process per core", node, script("node-cluster")),
    process: "shared",
  },
];

export const peers: readonly Contestant[] = [...forking, ...nodes];

function peer(name: string, title: string, program: Program, args: Contestant["args"]): Contestant {
  return { name, title, program, args, announces: 1, process: "own", weight: "light" };
}

function script(name: string): () => string[] {
  return () => [`build-bench/peers/${name}.js`];
}

function xinetdArgs(setting: Setting): string[] {
  const configuration = writeXinetdConfiguration(setting);
  return ["-dontfork", "-f", configuration, "-pidfile", `${setting.folder}/xinetd.pid`, "-filelog", "/dev/null"];
}

// It tells its port, looks no names up, and delays nothing.
function tcpserverArgs({ uppercase }: Setting): string[] {
  const manner = ["-1", "-H", "-R", "-D", "-l", "localhost"];
  return [...manner, "-c", String(maxConnections), "-b", "511", "127.0.0.1", "0", uppercase];
}

// "nofork" spares it the process that would stand between the connection and the program.
function socatArgs({ port, uppercase }: Setting): string[] {
  const listener = ["bind=127.0.0.1", "reuseaddr", "fork", "backlog=511", `max-children=${maxConnections}`];
  return [`TCP4-LISTEN:${port},${listener.join(",")}`, `EXEC:${uppercase},nofork`];
}
