/** A Node process per core, which all share the connections: node:cluster. */
import cluster from "node:cluster";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { serveUppercase } from "./uppercase.ts";

if (cluster.isPrimary) startWorkers();
else createServer(serveUppercase).listen(0, "127.0.0.1"); // the same free port for all of them

function startWorkers(): void {
  const wanted = availableParallelism();
  let listening = 0;
  cluster.on("listening", (_worker, address) => {
    if (++listening === wanted) console.log(`127.0.0.1:${address.port}`);
  });
  for (let started = 0; started < wanted; started++) cluster.fork();
}
