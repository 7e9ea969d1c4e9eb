import { contestants } from "../contestants/all.ts";
import { countErrors, runStream } from "../harness/load.ts";
import { type Server, withServer } from "../harness/server.ts";
import type { Figures } from "../results.ts";
import { type Scenario, startSeconds, type Turn } from "./scenario.ts";

// One line at a time, as in a conversation; and as many as fit into 64 KB, as in a transfer.
const conversation = { size: 64, window: 1 };
const transfer = { size: 1000, window: 64 };

// On a connection that lasts these do what another contestant does too: async, blocking, perl-fork.
const sameAsOthers = ["forkd-reused-blocking", "forkd-reused-async", "forkd-spawn", "perl-prefork"];

export const long: Scenario = {
  name: "long",
  title: "Long connections: lines of 64 bytes one at a time, and lines of 1,000 bytes at full speed",
  contestants: contestants.map(({ name }) => name).filter((name) => !sameAsOthers.includes(name)),
  once: false,
  columns: [
    { head: "messages/s", figure: "messagesPerSecond", digits: 0, compared: "by ratio" },
    { head: "MB/s", figure: "megabytesPerSecond", digits: 1, compared: "by ratio" },
    { head: "errors", figure: "errors", digits: 0, of: "sum" },
  ],
  expectedSeconds: ({ seconds }) => startSeconds + 2 * 2 * seconds,
  measure: (turn) => withServer(turn.entry, turn.tools, (server) => measure(server, turn)),
};

async function measure({ port }: Server, { tools, amounts: { seconds } }: Turn): Promise<Figures[]> {
  const found: Figures[] = [];
  for (const connections of [1, 16]) {
    const talk = await runStream(tools, port, { ...conversation, connections, seconds });
    const flow = await runStream(tools, port, { ...transfer, connections, seconds });
    const { messagesPerSecond } = talk;
    const { megabytesPerSecond } = flow;
    const errors = countErrors(talk.errors) + countErrors(flow.errors);
    const variant = connections === 1 ? "1 connection" : `${connections} connections`;
    found.push({ variant, figures: { messagesPerSecond, megabytesPerSecond, errors } });
  }
  return found;
}
