import { fileURLToPath } from "node:url";
import type { UserResource } from "./user-resources.ts";

const forkd = new URL("..", import.meta.url).href;
const most = 4;

/**
 * Where user code opened it, the innermost frame first: `connect (/srv/db.ts:3:20), from /srv/main.ts:7:1`. A library's
 * frames tell less than those of the code that calls it, so they are told only where there are none of those.
 */
export function placeOf(resource: UserResource): string | undefined {
  const frames = framesOf(resource);
  const own = frames.filter((frame) => !frame.includes("/node_modules/"));
  const told = own.length > 0 ? own : frames;
  return told.length === 0 ? undefined : told.slice(0, most).join(", from ");
}

/** With those of the callback's origin, in whose course it was opened. */
function framesOf({ stack, cause }: UserResource): string[] {
  const frames = stack.split("\n").flatMap((line) => userFrame(line) ?? []);
  return cause === undefined ? frames : [...frames, ...framesOf(cause)];
}

/** Node's own frames are in `node:` files, or in none. */
function userFrame(line: string): string | undefined {
  const [, name = "", file = "", place = ""] =
    /^ {4}at (?:async )?(?:(.+) \()?((?:file:\/\/)?\/.+?)(:\d+:\d+)\)?$/.exec(line) ?? [];
  const isForkds = file.startsWith(forkd) || `file://${file}`.startsWith(forkd);
  if (file === "" || isForkds) return undefined;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  return name === "" ? `${path}${place}` : `${name} (${path}${place})`;
}
