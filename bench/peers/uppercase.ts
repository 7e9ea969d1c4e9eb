import type { Server, Socket } from "node:net";

/** The job of every contestant, on a plain socket: each line comes back in upper case, until QUIT or the end. */
export function serveUppercase(socket: Socket): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const text = line.replace(/\r$/, "").toUpperCase();
      if (text === "QUIT") {
        socket.end();
        return;
      }
      socket.write(`${text}\r\n`);
    }
  });
}

/** Listens on a free port and, once ready, says on stdout where. */
export function listen(server: Server): void {
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object") console.log(`127.0.0.1:${address?.port}`);
  });
}
