import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { waitFor } from "../support/wait-for.ts";
import { anyBytes, model } from "./line-model.ts";

/** The fixtures'. */
const maxLength = 1000;
const packets = fc.array(fc.oneof(anyBytes, fc.uint8Array({ maxLength: 20 })), { maxLength: 4 });

for (const style of ["async", "blocking"]) {
  void test(`a daemon frames lines as the model does, ${style}`, async (t) => {
    const { port } = await TestDaemon.start(t, fixture(`lines-${style}`));
    await fc.assert(
      fc.asyncProperty(packets, async (parts) => {
        const { lines, isTooLong } = model(Buffer.concat(parts), maxLength);
        fc.pre(!lines.includes("BYE"));
        const answers = lines.map((line) => `${JSON.stringify(line)}\n`);
        assert.equal(await converse(port, parts), `${answers.join("")}${isTooLong ? "" : "END\n"}`);
      }),
      { numRuns: 50 },
    );
  });
}

/** Each part in a packet of its own: it is on its way once the kernel has taken it. */
async function converse(port: number, parts: readonly Uint8Array[]): Promise<string> {
  const client = await Client.open(port);
  let sent = 0;
  for (const part of parts) {
    client.send(part);
    sent += part.length;
    if (client.ended === undefined)
      await waitFor("it to be sent", () => client.socket.bytesWritten >= sent || client.ended);
  }
  client.finish();
  return client.rest();
}
