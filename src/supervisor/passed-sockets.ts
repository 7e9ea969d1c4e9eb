import type { ListenAddress } from "../config/address.ts";
import type { PassedSocket } from "../config/listen-fds.ts";
import { ForkdError } from "../errors.ts";
import { native, type SocketKind, type SocketName } from "../native.ts";
import { describeErrno, succeeded } from "../system-error.ts";

/**
 * Makes a socket that was passed to this process one of its own; answers its address.
 * @throws ForkdError `FORKD_E_LISTEN` if nobody can connect to it
 */
export function adoptSocket({ fd, name }: PassedSocket): ListenAddress {
  const title = name === "" ? `descriptor ${fd}` : `descriptor ${fd} (${JSON.stringify(name)})`;
  const kind = inspect(fd, title);
  succeeded(`Adopting ${title}`, native.adoptListener(fd));
  const { family, host, port } = succeeded<SocketName>(`Naming ${title}`, native.localName(fd));
  return family === "unix" ? { family, path: host } : { family, host, port, dualStack: isForAll(kind, host) };
}

/** What such a socket takes is written `:port`, as in options; one that has an address of its own is told by that. */
const isForAll = ({ dualStack }: SocketKind, host: string): boolean => dualStack === 1 && host === "::";

function inspect(fd: number, title: string): SocketKind {
  const kind = native.inspectSocket(fd);
  if (typeof kind === "number") throw refusal(title, `is none: ${describeErrno(kind)}`, adviceOnOthers);
  if (kind.family === "other") throw refusal(title, "is of another address family", adviceOnFamilies);
  if (kind.kind !== "listening stream") throw refusal(title, `is a ${words[kind.kind]}`, advice[kind.kind]);
  return kind;
}

function refusal(title: string, is: string, wayOut: string): ForkdError {
  const rule = "must be a listening stream socket of TCP or Unix";
  return new ForkdError(
    "FORKD_E_LISTEN",
    `Cannot listen on ${title}, which LISTEN_FDS passes: it ${rule}, and ${is}; ${wayOut}.`,
  );
}

type Refused = Exclude<SocketKind["kind"], "listening stream">;

const words: Readonly<Record<Refused, string>> = {
  stream: "stream socket that does not listen",
  datagram: "datagram socket",
  seqpacket: "sequential packet socket",
  raw: "raw socket",
};

const streams = "name the address by ListenStream= in the .socket unit";

const advice: Readonly<Record<Refused, string>> = {
  stream: "forkd accepts connections itself: set Accept=no in the .socket unit",
  datagram: streams,
  seqpacket: streams,
  raw: streams,
};

const adviceOnFamilies = "listen on IPv4, IPv6 or a path in the .socket unit";
const adviceOnOthers = "pass listening sockets alone, from descriptor 3 on, and count them in LISTEN_FDS";
