import { blocking, defineDaemon } from "forkd";

export default defineDaemon({
  serve: blocking((connection) => {
    for (const line of connection.lines()) {
      const text = line.toUpperCase();
      if (text === "QUIT") return;
      connection.write(`${text}\r\n`);
    }
  }),
});
