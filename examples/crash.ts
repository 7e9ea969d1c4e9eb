/**
 * Crashes, hangs, leaks or exits when it is told to, for you to watch that nobody else is disturbed.
 *
 *     forkd run examples/crash.ts
 *     nc 127.0.0.1 1234
 */
import { defineDaemon, type Connection } from "forkd";

/** What a command does, and what it answers, if it comes to that. */
interface Command {
  readonly help: string;
  readonly run: (connection: Connection, argument: string) => unknown;
}

const leaked: Buffer[] = [];

const commands: Readonly<Record<string, Command>> = {
  help: { help: "this list", run: () => help },
  pid: { help: "whose process this is", run: () => `process ${process.pid}, alone with ${leaked.length} MiB of leaks` },
  crash: { help: "die of SIGSEGV", run: () => process.kill(process.pid, "SIGSEGV") },
  abort: { help: "die of SIGABRT, as when memory runs out", run: () => process.abort() },
  throw: {
    help: "throw an error that nobody catches",
    run: () => {
      throw new Error("thrown on command");
    },
  },
  exit: { help: "exit N: leave with that status", run: (_connection, status) => process.exit(Number(status)) },
  hang: { help: "never answer again, until the idle timeout", run: () => new Promise(() => undefined) },
  spin: {
    help: "never answer again, and use all of a processor meanwhile",
    run: () => {
      for (;;);
    },
  },
  leak: { help: "leak N: keep N more MiB of memory", run: (_connection, mebibytes) => leak(Number(mebibytes)) },
  quit: { help: "say goodbye", run: ({ socket }) => socket.end("Goodbye.\r\n") },
};

const help = Object.entries(commands)
  .map(([name, command]) => `${name.padEnd(8)}${command.help}`)
  .join("\r\n");

export default defineDaemon({
  listen: "127.0.0.1:1234",
  idleTimeout: "10s",
  async serve(connection) {
    await connection.write(`Process ${process.pid} is yours to ruin; help says how.\r\n> `);
    for await (const line of connection.lines({ maxLength: 1000 })) {
      const [name = "", argument = ""] = line.trim().toLowerCase().split(/\s+/);
      const answer = await answerTo(connection, name, argument);
      if (connection.socket.writableEnded) return;
      await connection.write(`${answer}> `);
    }
  },
});

async function answerTo(connection: Connection, name: string, argument: string): Promise<string> {
  if (name === "") return "";
  if (!Object.hasOwn(commands, name)) return `There is no command ${name}; help lists those there are.\r\n`;
  return `${String(await commands[name]?.run(connection, argument))}\r\n`;
}

/** Filled, or the kernel would only promise it. */
function leak(mebibytes: number): string {
  for (let count = 0; count < mebibytes; count++) leaked.push(Buffer.alloc(1024 * 1024, 1));
  return `${leaked.length} MiB that only the end of this process gives back`;
}
