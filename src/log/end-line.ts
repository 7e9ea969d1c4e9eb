import type { Settings } from "../config/settings.ts";
import { connectionId } from "../scoreboard/slots.ts";
import { outcomes } from "../scoreboard/states.ts";
import { shownPeer } from "./peer.ts";

/** Behind ESC and `!`: the time, eleven other numbers, and the peer. Whatever else user code prints does not pass. */
// oxlint-disable-next-line no-control-regex -- no record begins with it
const endLine = /^\x1b!(\d{1,15}) ((?:-?\d{1,15} ){11})(.*)$/;

/**
 * The record of a connection that has ended as usual; undefined if `line` is another one. The worker sends bare numbers
 * (`fk_tell_end`), for what it does is done once for each connection, by a process that does it for the first time.
 */
export function recordOfEnd(line: string, settings: Pick<Settings, "anonymizePeers">): string | undefined {
  const [, time = "", numbers = "", peer = ""] = endLine.exec(line) ?? [];
  if (time === "") return undefined;
  const [pid, generation = 0, forkNumber = 0, served = 0, outcome = 0, ...costs] = numbers.split(" ").map(Number);
  const [ms, bytesIn, bytesOut, userMs, systemMs, maxRssKib] = costs;
  const reason = outcomes[outcome] ?? "none";
  return JSON.stringify({
    level: "info",
    time: new Date(Number(time)).toISOString(),
    role: "worker",
    pid,
    generation,
    connection: connectionId(generation, forkNumber, served),
    peer: shownPeer(peer, settings),
    reason,
    ms,
    bytesIn,
    bytesOut,
    userMs,
    systemMs,
    maxRssKib,
    msg: `connection ended: ${reason}`,
  });
}
