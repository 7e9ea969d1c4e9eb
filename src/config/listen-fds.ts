import { refusal, showValue } from "./refusal.ts";

/** A socket that whoever started this process has opened for it. */
export interface PassedSocket {
  readonly fd: number;
  /** What it is called there; empty if it is not called anything. */
  readonly name: string;
}

type Variables = Record<string, string | undefined>;

const firstDescriptor = 3;
/** As many as a worker can hold: FK_LISTENERS_MAX. */
const mostSockets = 60;

/**
 * The sockets that systemd, or whoever speaks as it does, passes to the process `pid`: sd_listen_fds(3). None if the
 * variables are meant for another process, which has merely handed them down.
 *
 * @throws ForkdError with the code `FORKD_E_OPTION`
 */
export function readPassedSockets(variables: Readonly<Variables>, pid: number): PassedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = variables;
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === undefined) return [];
  const names = LISTEN_FDNAMES.split(":");
  return Array.from({ length: parseCount(LISTEN_FDS) }, (_, index) => ({
    fd: firstDescriptor + index,
    name: names[index] ?? "",
  }));
}

/** Another process that sockets were passed to, by which they did not get here; undefined if there is none. */
export function readOtherAddressee({ LISTEN_PID, LISTEN_FDS }: Readonly<Variables>, pid: number): number | undefined {
  const addressee = /^[1-9]\d{0,8}$/.test(LISTEN_PID ?? "") ? Number(LISTEN_PID) : pid;
  return addressee !== pid && /^[1-9]\d*$/.test(LISTEN_FDS ?? "") ? addressee : undefined;
}

/** The sockets that are passed to the process `pid`; the variables are gone then, for nobody else is meant by them. */
export function takePassedSockets(variables: Variables, pid: number): PassedSocket[] {
  const sockets = readPassedSockets(variables, pid);
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete variables[name];
  return sockets;
}

function parseCount(text: string): number {
  const count = /^[1-9]\d?$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostSockets) return count;
  const rule = `a whole number from 1 to ${mostSockets}, as LISTEN_PID names this process`;
  throw refusal(
    "LISTEN_FDS",
    rule,
    showValue(text),
    "Pass as many sockets, or unset LISTEN_PID to listen on --listen.",
  );
}
