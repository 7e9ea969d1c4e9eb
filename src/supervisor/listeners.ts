import { unlinkSync } from "node:fs";
import { formatAddress, type ListenAddress } from "../config/address.ts";
import type { PassedSocket } from "../config/listen-fds.ts";
import { ForkdError } from "../errors.ts";
import { native, type SocketName } from "../native.ts";
import { describeErrno } from "../system-error.ts";
import { adoptSocket } from "./passed-sockets.ts";

/** The daemon's listening sockets: made or adopted once, handed to each zygote, never made anew. */
export class Listeners {
  readonly descriptors: readonly number[];
  readonly addresses: readonly ListenAddress[];
  /** Socket files that go when nobody listens there any more. */
  readonly #files: readonly string[];
  #isOpen = true;

  private constructor(descriptors: readonly number[], addresses: readonly ListenAddress[], files: readonly string[]) {
    this.descriptors = descriptors;
    this.addresses = addresses;
    this.#files = files;
  }

  /** @throws ForkdError `FORKD_E_LISTEN`; nothing is left open then */
  static open(wanted: readonly ListenAddress[], backlog: number): Listeners {
    const descriptors: number[] = [];
    for (const address of wanted) {
      const fd = listen(address, backlog);
      if (fd < 0) {
        const others = wanted.slice(0, descriptors.length);
        for (const other of descriptors) native.close(other);
        throw refusal(address, fd, others);
      }
      descriptors.push(fd);
    }
    const addresses = descriptors.map((fd, index) => actualAddress(fd, wanted[index] as ListenAddress));
    const files = wanted.flatMap((address) => (address.family === "unix" ? [address.path] : []));
    return new Listeners(descriptors, addresses, files);
  }

  /**
   * Those that were passed to this process. Their files stay: whoever made them listens on, for the next daemon.
   * @throws ForkdError `FORKD_E_LISTEN`
   */
  static adopt(passed: readonly PassedSocket[]): Listeners {
    return new Listeners(
      passed.map(({ fd }) => fd),
      passed.map(adoptSocket),
      [],
    );
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const fd of this.descriptors) native.close(fd);
    for (const path of this.#files) remove(path);
  }
}

function listen(address: ListenAddress, backlog: number): number {
  if (address.family === "unix") return native.listenUnix(address.path, backlog);
  const { family, host, port, dualStack } = address;
  return native.listenTcp(family === "ipv4" ? 4 : 6, host, port, dualStack ? 1 : 0, backlog);
}

/** With the port that the kernel chose, where it was to choose. */
function actualAddress(fd: number, wanted: ListenAddress): ListenAddress {
  return wanted.family === "unix" ? wanted : { ...wanted, port: (native.localName(fd) as SocketName).port };
}

function refusal(address: ListenAddress, errno: number, others: readonly ListenAddress[]): ForkdError {
  const name = describeErrno(errno).split(" ")[0] ?? "";
  const known = address.family === "unix" ? adviceOnPaths : adviceOnPorts;
  const own = name === "EADDRINUSE" ? others.find((other) => isSamePort(other, address)) : undefined;
  const advice =
    own === undefined
      ? (known[name] ?? "choose another address with --listen")
      : `the daemon itself listens on ${formatAddress(own)}, which includes it: leave one of them out`;
  return new ForkdError(
    "FORKD_E_LISTEN",
    `Cannot listen on ${formatAddress(address)}: ${describeErrno(errno)}; ${advice}.`,
  );
}

const isSamePort = (one: ListenAddress, other: ListenAddress): boolean =>
  one.family !== "unix" && other.family !== "unix" && one.port === other.port;

const adviceOnPaths: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "another program listens there (ss -lxp names it), or the file is no socket: choose another with --listen",
  EACCES: "the folder may not be written: choose another with --listen, or grant the right",
  ENOENT: "there is no such folder: make it, or choose another with --listen",
};

const adviceOnPorts: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there: stop it (ss -ltnp names it), or choose another address with --listen",
  EACCES:
    "ports below 1024 need root, or the capability CAP_NET_BIND_SERVICE (ip(7)): choose another address with --listen, " +
    "or grant the right",
  EADDRNOTAVAIL: "no interface of this machine has that address: choose another with --listen",
  EINVAL: "a link-local address would need its interface, which cannot be named here: listen on [::]",
  EAFNOSUPPORT: "this kernel has no such address family: listen on IPv4, as in --listen 127.0.0.1:1234",
};

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // gone already
  }
}
