import { execFile } from "node:child_process";
import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { defineDaemon } from "forkd";
import { common } from "./handlers.ts";

const run = promisify(execFile);
const derive = promisify(pbkdf2);

const commands: Readonly<Record<string, (argument: string) => unknown>> = {
  ...common,
  child: async (text) => (await run("echo", ["-n", text])).stdout,
  pool: async (text) => (await derive(text, "salt", 100, 8, "sha1")).toString("hex"),
  throw: () => new Promise((_resolve, reject) => setImmediate(reject, new Error("thrown by the handler"))),
};

export default defineDaemon({
  async serve(connection) {
    for await (const line of connection.lines({ maxLength: 1000 })) {
      const [command = "", argument = ""] = line.split(" ");
      await connection.write(`${String(await commands[command]?.(argument))}\n`);
    }
  },
});
