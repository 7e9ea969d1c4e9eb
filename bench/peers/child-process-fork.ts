/** A process per connection as Node offers it today: child_process.fork(), which starts Node anew each time. */
import { fork } from "node:child_process";
import { createServer, Socket } from "node:net";
import { listen, serveUppercase } from "./uppercase.ts";

if (process.send === undefined) listen(createServer({ pauseOnConnect: true }, forkFor));
else process.once("message", (_message, socket) => serve(socket));

function forkFor(socket: Socket): void {
  fork(import.meta.filename).send("connection", socket);
}

function serve(socket: unknown): void {
  // The client may have gone by now: then nothing came with the message.
  if (!(socket instanceof Socket)) process.exit();
  socket.once("close", () => process.exit());
  serveUppercase(socket);
  socket.resume();
}
