/**
 * Counters that outlive connections and processes, in Redis: each line names one, and is answered by how often it has
 * been named. REDIS_URL says where Redis is, as in redis://127.0.0.1:6379 or /run/redis/redis.sock.
 *
 *     npm install ioredis
 *     forkd run examples/counter.ts
 *     nc 127.0.0.1 1234
 */
import { Redis } from "ioredis";
import { defineDaemon } from "forkd";

let redis: Redis;

export default defineDaemon({
  listen: "127.0.0.1:1234",
  maxConnections: 100,
  idleTimeout: "60s",
  // Not while the module loads: all processes would share one connection to Redis, and read each other's answers.
  async afterFork() {
    redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379", { lazyConnect: true });
    await redis.connect();
  },
  async serve(connection) {
    for await (const name of connection.lines({ maxLength: 100 })) {
      if (name !== "") await connection.write(`${name} ${await redis.incr(`counter:${name}`)}\r\n`);
    }
  },
});
