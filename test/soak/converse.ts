import { connect, type Socket } from "node:net";
import type { Kind } from "./kinds.ts";

/** Longer than a daemon may take to say anything, however busy the machine. */
const patience = 60_000;

/** How a connection looked from the client's side. */
export interface Seen {
  readonly kind: Kind;
  /** As the daemon knows the client; undefined if it was never connected. */
  readonly peer: string | undefined;
  /** What was not as it should be. */
  readonly problem: string | undefined;
}

/** One connection of that kind, from its beginning to its end. */
export async function converse(port: number, kind: Kind, index: number): Promise<Seen> {
  const localAddress = addressOf(index);
  const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true }).setEncoding("latin1");
  const timer = setTimeout(() => socket.destroy(new Error(`left hanging for ${patience / 1000} s`)), patience);
  let [received, failure, peer]: [string, string?, string?] = [""];
  socket.on("connect", () => (peer = `${localAddress}:${socket.localPort}`));
  socket.on("data", (text: string) => (received += text));
  socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
  behave(socket, kind, kind.lines(index));
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(timer);
  const expected = kind.answers(index).map((answer) => `${answer}\n`);
  return { kind, peer, problem: problemOf(kind, expected.join(""), received, failure) };
}

/** One for each connection: ports come again, and the log may tell of the earlier one when the later has begun. */
const addressOf = (index: number): string => `127.${1 + ((index >> 16) & 127)}.${(index >> 8) & 255}.${index & 255}`;

function behave(socket: Socket, kind: Kind, lines: readonly string[]): void {
  if (kind.manner === "talk") return talk(socket, kind, lines);
  socket.write(lines.map((line) => `${line}\n`).join(""));
  if (kind.manner === "finish") socket.end();
  if (kind.manner === "reset") socket.once("data", () => socket.resetAndDestroy());
}

/** The answers are short, and each comes in one piece. */
function talk(socket: Socket, { pause }: Kind, lines: readonly string[]): void {
  const rest = [...lines];
  const sayNext = (): void => {
    const line = rest.shift();
    if (line === undefined) socket.end();
    else socket.write(`${line}\n`);
  };
  socket.on("data", () => {
    Promise.resolve(pause?.()).then(sayNext, (error: Error) => socket.destroy(error));
  });
  sayNext();
}

function problemOf(kind: Kind, expected: string, received: string, failure: string | undefined): string | undefined {
  const mayFail = kind.isCut && ["ECONNRESET", "EPIPE"].includes(failure ?? "");
  if (failure !== undefined && !mayFail) return failure;
  // What a process that is cut had not sent yet is lost with it.
  const isRight = kind.isCut ? expected.startsWith(received) : received === expected;
  return isRight ? undefined : `wrong answer, of ${received.length} bytes: ${JSON.stringify(received.slice(0, 80))}`;
}
