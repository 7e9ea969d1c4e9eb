import { execFileSync } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { blocking, defineDaemon } from "forkd";
import { common } from "./handlers.ts";

const commands: Readonly<Record<string, (argument: string) => unknown>> = {
  ...common,
  child: (text) => execFileSync("echo", ["-n", text]),
  pool: (text) => pbkdf2Sync(text, "salt", 100, 8, "sha1").toString("hex"),
  throw: () => {
    throw new Error("thrown by the handler");
  },
};

export default defineDaemon({
  serve: blocking((connection) => {
    for (const line of connection.lines({ maxLength: 1000 })) {
      const [command = "", argument = ""] = line.split(" ");
      connection.write(`${String(commands[command]?.(argument))}\n`);
    }
  }),
});
