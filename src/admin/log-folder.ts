import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makeFolder } from "./make-folder.ts";

/** Where a daemon logs that nobody watches, if it is not told: the file of its name in the folder for logs. */
export function logFileOf(name: string): string {
  return join(logFolder(), `${name}.log`);
}

/** The same, and the folder is there. What keeps it from being made keeps the file from being opened. */
export function defaultLogFile(name: string): string {
  try {
    makeFolder(logFolder(), 0o700);
  } catch {
    // who opens the file says so
  }
  return logFileOf(name);
}

/** `/var/log/forkd` for root, `$XDG_STATE_HOME/forkd` for others: the XDG base directories' place for logs. */
function logFolder(): string {
  const { XDG_STATE_HOME: state = "" } = process.env;
  if (process.getuid?.() === 0) return "/var/log/forkd";
  return join(isAbsolute(state) ? state : join(homedir(), ".local", "state"), "forkd");
}
