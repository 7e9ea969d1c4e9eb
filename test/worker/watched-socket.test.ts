import assert from "node:assert/strict";
import { Socket } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { native } from "../../dist/native.js";
import { WatchedSocket } from "../../dist/worker/watched-socket.js";

void test("what the kernel has taken is counted, chunks of all kinds at once included", async () => {
  const [here, there] = native.tcpPair() as [number, number];
  const watched = new WatchedSocket({ fd: here });
  const peer = new Socket({ fd: there });
  let received = 0;
  peer.on("data", (bytes: Buffer) => (received += bytes.length));
  let told = 0;
  watched.onWritten = () => (told = watched.bytesTaken);
  watched.write("smørrebrød");
  watched.cork();
  for (const chunk of ["ærlig", Buffer.from("talt"), new Uint8Array(3)]) watched.write(chunk);
  watched.uncork();
  watched.cork();
  for (let count = 0; count < 3; count++) watched.write(Buffer.alloc(10));
  watched.uncork();
  watched.end();
  await once(peer, "close");
  assert.deepEqual([watched.bytesTaken, told], [12 + 6 + 4 + 3 + 30, received]);
  watched.destroy();
});
