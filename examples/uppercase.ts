/**
 * Each line comes back in upper case, with CR and LF. QUIT, in any case and with blanks around it, ends the
 * connection; so do 10 seconds without a line, and a line of more than 1000 bytes.
 *
 *     forkd run examples/uppercase.ts
 *     nc 127.0.0.1 1234
 */
import { defineDaemon } from "forkd";

export default defineDaemon({
  listen: "127.0.0.1:1234",
  maxConnections: 100,
  idleTimeout: "10s",
  async serve(connection) {
    for await (const line of connection.lines({ maxLength: 1000 })) {
      if (line.trim().toUpperCase() === "QUIT") return;
      await connection.write(`${line.toUpperCase()}\r\n`);
    }
  },
});
