import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Seen } from "./converse.ts";
import { kinds, type Kind } from "./kinds.ts";
import { Ledger } from "./ledger.ts";

const kind = (name: string): Kind => kinds.find((known) => known.name === name) as Kind;
const peer = "127.0.0.1:5000";
const seen = (name: string, problem?: string): Seen => ({ kind: kind(name), peer, problem });
const ended = (reason: string, pid = 7, again = false) => ({ peer, reason, pid, again, connection: `1.${pid}.1` });

interface Case {
  readonly what: string;
  readonly tell: (ledger: Ledger) => void;
  readonly deviation?: RegExp;
}

const cases: readonly Case[] = [
  {
    what: "a client that was served, whoever tells it first",
    tell: (ledger) => {
      ledger.onSeen(seen("short"));
      ledger.onEnded(ended("completed"));
      ledger.onEnded(ended("completed", 8));
      ledger.onSeen(seen("short"));
    },
  },
  {
    what: "a wrong answer",
    tell: (ledger) => {
      ledger.onEnded(ended("completed"));
      ledger.onSeen(seen("short", "wrong answer"));
    },
    deviation: /^short: .*wrong answer/,
  },
  {
    what: "a wrong reason",
    tell: (ledger) => {
      ledger.onEnded(ended("completed"));
      ledger.onSeen(seen("crash"));
    },
    deviation: /^crash: .* ended by completed/,
  },
  {
    what: "a client that is refused",
    tell: (ledger) => ledger.onSeen({ kind: kind("short"), peer: undefined, problem: "ECONNREFUSED" }),
    deviation: /not connected: ECONNREFUSED/,
  },
  {
    what: "a connection that the log does not know",
    tell: (ledger) => ledger.onSeen(seen("short")),
    deviation: /is not in the log/,
  },
  {
    what: "an end of a connection that nobody made",
    tell: (ledger) => ledger.onEnded(ended("completed")),
    deviation: /an end too many/,
  },
  {
    what: "a client that is cut by a kill",
    tell: (ledger) => {
      ledger.noteKill(7);
      ledger.onSeen(seen("short", "ECONNRESET"));
      ledger.onEnded(ended("killed by SIGKILL"));
    },
  },
  {
    what: "a client that is cut by a kill of which nobody knows",
    tell: (ledger) => {
      ledger.noteKill(8);
      ledger.onSeen(seen("short", "ECONNRESET"));
      ledger.onEnded(ended("killed by SIGKILL"));
    },
    deviation: /^short: .* ended by killed by SIGKILL/,
  },
  {
    what: "a client that is cut as its worker, killed, was accepting it",
    tell: (ledger) => {
      ledger.noteKill(7);
      ledger.onSeen(seen("short", "ECONNRESET"));
      ledger.noteIdleEnd(7, "idle worker ended: killed by SIGKILL");
    },
  },
  {
    what: "a client that would be cut anyway, as its worker, killed, was accepting it",
    tell: (ledger) => {
      ledger.noteKill(7);
      ledger.onSeen(seen("exit"));
      ledger.noteIdleEnd(7, "idle worker ended: killed by SIGKILL");
    },
  },
  {
    what: "an idle worker that dies by itself",
    tell: (ledger) => ledger.noteIdleEnd(7, "idle worker ended: killed by SIGKILL"),
    deviation: /idle worker ended/,
  },
  {
    what: "an end that is said twice, the second time for a worker that was killed",
    tell: (ledger) => {
      ledger.noteKill(7);
      ledger.onSeen(seen("short"));
      for (let time = 0; time < 2; time++) ledger.onEnded(ended("completed"));
    },
  },
  {
    what: "an end that is said again, for its zygote was killed when it had said so",
    tell: (ledger) => {
      ledger.onSeen(seen("exit"));
      ledger.onEnded(ended("exit 3"));
      ledger.onEnded(ended("exit 3", 7, true));
    },
  },
  {
    what: "an end that may have been said before, and was not",
    tell: (ledger) => {
      ledger.onSeen(seen("exit"));
      ledger.onEnded(ended("exit 3", 7, true));
    },
  },
  {
    what: "an end that is said twice",
    tell: (ledger) => {
      ledger.onSeen(seen("short"));
      for (let time = 0; time < 2; time++) ledger.onEnded(ended("completed"));
    },
    deviation: /an end too many/,
  },
];

void suite("the soak's ledger", () => {
  for (const { what, tell, deviation } of cases) {
    void test(`${deviation === undefined ? "expects" : "finds"} ${what}`, () => {
      const ledger = new Ledger();
      tell(ledger);
      ledger.close();
      assert.equal(ledger.deviationCount, deviation === undefined ? 0 : 1, ledger.deviations.join("\n"));
      if (deviation !== undefined) assert.match(ledger.deviations[0] ?? "", deviation);
    });
  }
});
