import { fileURLToPath } from "node:url";
import type { UserResource } from "./user-resources.ts";

const forkd = new URL("..", import.meta.url).href;
const most = 4;

/** Where user code opened it, the innermost frame first: `connect (/srv/db.ts:3:20), from /srv/main.ts:7:1`. */
export function placeOf({ stack, cause }: UserResource): string | undefined {
  const frames = stack.split("\n").flatMap((line) => userFrame(line) ?? []);
  if (frames.length > 0) return frames.slice(0, most).join(", from ");
  return cause === undefined ? undefined : placeOf(cause);
}

/** Node's own frames are in `node:` files, or in none. */
function userFrame(line: string): string | undefined {
  const [, name = "", file = "", place = ""] =
    /^ {4}at (?:(.+) \()?((?:file:\/\/)?\/.+?)(:\d+:\d+)\)?$/.exec(line) ?? [];
  const isForkds = file.startsWith(forkd) || `file://${file}`.startsWith(forkd);
  if (file === "" || isForkds) return undefined;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  return name === "" ? `${path}${place}` : `${name} (${path}${place})`;
}
