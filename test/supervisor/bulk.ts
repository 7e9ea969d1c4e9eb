// Two files use this, for each file of tests has only so much time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { childrenOf, descriptorsOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";
import { attempt, many } from "./conversation.ts";

const connections = 2000;
const first = 100;
const atOnce = 64;
const spares = 8;

/** For a fixture that answers lines. */
export function testBulk(style: string): void {
  void test(`${connections} connections, a fresh process each: all are right, nothing is left over, ${style}`, async (t) => {
    const daemon = await TestDaemon.start(t, fixture(style), "--spare-workers", String(spares));
    await many(first, 8, (index) => assertServed(daemon.port, index));
    await waitForRest(daemon);
    const [before, zygote] = [descriptorsOfAll(daemon), daemon.zygote];
    await many(connections, atOnce, (index) => assertServed(daemon.port, index));
    await waitForRest(daemon);
    assert.equal(daemon.zygote, zygote);
    assert.deepEqual(descriptorsOfAll(daemon), before);
    const ends = await waitFor("the last end to be logged", () => {
      const records = daemon.log.slice(1);
      return records.length >= first + connections ? records : undefined;
    });
    assert.equal(new Set(ends.map(({ connection }) => connection)).size, first + connections);
    assert.deepEqual([...new Set(ends.map(({ msg }) => msg))], ["connection ended: completed"]);
  });
}

async function assertServed(port: number, index: number): Promise<void> {
  const { received, failure } = await attempt(port, `${index}\r\n${index + 1}`);
  assert.equal(failure, undefined);
  assert.equal(received, `"${index}"\n"${index + 1}"\nEND\n`);
}

/** Until there are no processes but supervisor, zygote and spares; zombies count. */
async function waitForRest(daemon: TestDaemon): Promise<void> {
  await waitFor("supervisor, zygote and spares to be alone", () => {
    const children = [...childrenOf(daemon.pid), ...childrenOf(daemon.zygote)];
    return children.length === 1 + spares && daemon.processes.length === 2 + spares;
  });
}

const descriptorsOfAll = ({ pid, zygote }: TestDaemon): [number, string][][] =>
  [pid, zygote].map((process) => [...descriptorsOf(process)]);
