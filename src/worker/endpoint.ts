import { native, type SocketName } from "../native.ts";

/** One end of a connection. As a string: `127.0.0.1:1234`, `[::1]:1234`, `unix:/run/x.sock`. */
export class Endpoint implements SocketName {
  readonly family: "ipv4" | "ipv6" | "unix";
  /** An address in figures; for a Unix socket its path, `@` and its name if it is abstract, empty if it has none. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;

  constructor({ family, host, port }: SocketName) {
    this.family = family;
    this.host = host;
    this.port = port;
  }

  toString(): string {
    if (this.family === "unix") return `unix:${this.host}`;
    return this.family === "ipv6" ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The other end of the connection accepted last. */
export const remoteEndpoint = (): Endpoint => new Endpoint(native.peerName());

export function localEndpoint(fd: number): Endpoint {
  const name = native.localName(fd);
  return new Endpoint(typeof name === "number" ? { family: "unix", host: "", port: 0 } : name);
}
