import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { temporaryFolder } from "../support/service.ts";
import { waitFor } from "../support/wait-for.ts";

interface Entry {
  readonly msg: string;
  readonly worker: number;
}

const entryIn = (line: string): string => (JSON.parse(line) as Entry).msg;

const connections = 50;
const perConnection = 20;

void test("pino: no record is lost, torn or doubled, wherever it was opened", async (t) => {
  const log = join(temporaryFolder(t), "log");
  process.env["TEST_LOG"] = log;
  t.after(() => delete process.env["TEST_LOG"]);
  const daemon = await TestDaemon.start(t, fixture("library-pino"));
  const lines = Array.from({ length: connections }, (_, connection) =>
    Array.from({ length: perConnection }, (_line, index) => `line ${connection}.${index}`),
  );
  await Promise.all(lines.map((own) => exchange(daemon.port, `${own.join("\n")}\n`)));
  const expected = lines.flat().toSorted();

  await t.test("in a file opened while the module loads, which workers share", () => assertKept(`${log}-load`));
  await t.test("in a file opened by each worker", () => assertKept(`${log}-worker`));
  await t.test("in the daemon's own log, by standard output", async () => {
    const logged = (): string[] => daemon.log.filter(({ role }) => role === "output").map(({ msg }) => entryIn(msg));
    await waitFor("the log", () => logged().length >= expected.length);
    assert.deepEqual(logged().toSorted(), expected);
  });

  function assertKept(path: string): void {
    const entries = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry);
    assert.deepEqual(entries.map(({ msg }) => msg).toSorted(), expected);
    assert.equal(new Set(entries.map(({ worker }) => worker)).size, connections);
  }
});
