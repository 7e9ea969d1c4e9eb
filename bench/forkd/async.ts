import { defineDaemon } from "forkd";
import { fillHeap } from "./heap.ts";

fillHeap();

export default defineDaemon({
  async serve(connection) {
    for await (const line of connection.lines()) {
      const text = line.toUpperCase();
      if (text === "QUIT") return;
      await connection.write(`${text}\r\n`);
    }
  },
});
