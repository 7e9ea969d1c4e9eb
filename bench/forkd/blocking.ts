import { blocking, defineDaemon } from "forkd";
import { fillHeap } from "./heap.ts";

fillHeap();

export default defineDaemon({
  serve: blocking((connection) => {
    for (const line of connection.lines()) {
      const text = line.toUpperCase();
      if (text === "QUIT") return;
      connection.write(`${text}\r\n`);
    }
  }),
});
