import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryFolder } from "../support/benchmark.ts";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { strace, straceIsMissing } from "../support/strace.ts";
import { waitFor } from "../support/wait-for.ts";

void suite("lines that have come together", () => {
  for (const commands of ["commands", "commands-blocking"]) {
    void test(`have answers that leave together: ${commands}`, { skip: straceIsMissing }, async (t) => {
      const { port } = await TestDaemon.start(t, fixture(commands));
      const client = await Client.open(port);
      client.send("pid\n");
      await client.receives("\n");
      const trace = join(temporaryFolder(t), "trace");
      await strace(t, Number(client.received), "-e", "trace=sendto", "-o", trace);
      await waitFor("an answer that waits for the next", () => {
        client.send("pid\npid\n"); // again, for the worker may have slept between them
        return existsSync(trace) && readFileSync(trace, "utf8").includes("MSG_MORE");
      });
      client.close();
    });
  }

  void test("do not keep a handler from hearing that the daemon drains", async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"));
    const client = await Client.open(daemon.port);
    client.send("burn 20\naborted\n".repeat(240)); // no more than one read takes
    await client.receives("false\n");
    daemon.signal("SIGTERM");
    await client.receives("true\n");
    client.close();
    assert.equal(await daemon.ended(), 0);
  });
});
