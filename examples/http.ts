/**
 * An ordinary HTTP server of Node's, each connection in a process of its own. A client that keeps its connection for
 * several requests is served by the same process throughout.
 *
 *     forkd run examples/http.ts
 *     curl http://127.0.0.1:8080/ http://127.0.0.1:8080/again
 *     curl --data hello http://127.0.0.1:8080/
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { defineDaemon } from "forkd";

// Made once, for all processes. It never listens: forkd does.
const server = createServer({ keepAliveTimeout: 30_000 }, async (request, response) => {
  underWay++;
  response.once("close", () => underWay--);
  const body = await text(request);
  const answer = `${request.method} ${request.url} ${body.length} bytes, served by process ${process.pid}\n`;
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": answer.length }).end(answer);
});

/** Of this process's connection, for there is no other. */
let underWay = 0;

export default defineDaemon({
  listen: "127.0.0.1:8080",
  async serve({ socket, signal }) {
    signal.addEventListener("abort", () => {
      server.keepAliveTimeout = 1; // the daemon stops: who has asked is answered, and nothing more is waited for
      if (underWay === 0) socket.destroySoon();
    });
    server.emit("connection", socket);
    await once(socket, "close");
  },
});
