import { unlinkSync } from "node:fs";
import { formatAddress, type ListenAddress } from "../config/address.ts";
import type { PassedSocket } from "../config/listen-fds.ts";
import { ForkdError } from "../errors.ts";
import { native, type Result, type SocketName } from "../native.ts";
import { describeErrno } from "../system-error.ts";
import type { HandedListener } from "./handover.ts";
import { adoptSocket } from "./passed-sockets.ts";

/** A listening socket: made or adopted once, handed to each zygote, never made anew. */
class Listener {
  readonly fd: number;
  readonly address: ListenAddress;
  /** What it was asked for; nothing for one that was passed. */
  readonly wanted: string | undefined;
  #isOpen = true;

  constructor(fd: number, address: ListenAddress, wanted?: string) {
    this.fd = fd;
    this.address = address;
    this.wanted = wanted;
  }

  static open(address: ListenAddress, backlog: number): Listener | Result {
    const fd = listen(address, backlog);
    return fd < 0 ? fd : new Listener(fd, actualAddress(fd, address), formatAddress(address));
  }

  /** Its socket file goes along. One that was passed stays: whoever has made it listens on, for the next daemon. */
  close(): void {
    if (!this.#isOpen || this.wanted === undefined) return;
    this.#isOpen = false;
    native.close(this.fd);
    if (this.address.family === "unix") remove(this.address.path);
  }
}

/** Where the daemon listens. */
export class Listeners {
  readonly #all: readonly Listener[];

  private constructor(all: readonly Listener[]) {
    this.#all = all;
  }

  /**
   * @param open - Those that are there already: what is wanted of them stays open, and as it is.
   * @throws ForkdError `FORKD_E_LISTEN`; nothing more is open then
   */
  static open(wanted: readonly ListenAddress[], backlog: number, open = new Listeners([])): Listeners {
    if (open.passed.length > 0) return open;
    const listeners: Listener[] = [];
    for (const address of wanted) {
      const known = open.#all.find((one) => one.wanted === formatAddress(address) && !listeners.includes(one));
      const listener = known ?? Listener.open(address, backlog);
      if (typeof listener === "number") {
        new Listeners(listeners).closeBut(open);
        throw refusal(address, listener, wanted.slice(0, listeners.length));
      }
      listeners.push(listener);
    }
    return new Listeners(listeners);
  }

  /**
   * Those that were passed to this process.
   * @throws ForkdError `FORKD_E_LISTEN`
   */
  static adopt(passed: readonly PassedSocket[]): Listeners {
    return new Listeners(passed.map((socket) => new Listener(socket.fd, adoptSocket(socket))));
  }

  /** Those that this process had before it became another program. */
  static resume(handed: readonly HandedListener[]): Listeners {
    return new Listeners(handed.map(({ fd, address, wanted }) => new Listener(fd, address, wanted ?? undefined)));
  }

  get handover(): HandedListener[] {
    return this.#all.map(({ fd, address, wanted = null }) => ({ fd, address, wanted }));
  }

  /** The descriptors of those that were passed. */
  get passed(): number[] {
    return this.#all.filter(({ wanted }) => wanted === undefined).map(({ fd }) => fd);
  }

  get descriptors(): number[] {
    return this.#all.map(({ fd }) => fd);
  }

  get addresses(): ListenAddress[] {
    return this.#all.map(({ address }) => address);
  }

  /** From now on the kernel queues so many clients. Whoever has passed a socket has chosen that, too. */
  queue(backlog: number): void {
    if (this.passed.length > 0) return;
    for (const { fd } of this.#all) native.listenAgain(fd, backlog);
  }

  /** Closes those that are not among `others`. */
  closeBut(others: Listeners): void {
    for (const listener of this.#all) if (!others.#all.includes(listener)) listener.close();
  }

  close(): void {
    for (const listener of this.#all) listener.close();
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
