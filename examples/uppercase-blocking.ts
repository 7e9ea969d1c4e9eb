/**
 * The twin of uppercase.ts in straight-line code: the process serves this connection alone, so it may simply wait.
 *
 *     forkd run examples/uppercase-blocking.ts
 */
import { blocking, defineDaemon } from "forkd";

export default defineDaemon({
  listen: "127.0.0.1:1234",
  maxConnections: 100,
  idleTimeout: "10s",
  serve: blocking((connection) => {
    for (const line of connection.lines({ maxLength: 1000 })) {
      if (line.trim().toUpperCase() === "QUIT") return;
      connection.write(`${line.toUpperCase()}\r\n`);
    }
  }),
});
