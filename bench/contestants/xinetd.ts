import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Setting } from "./contestant.ts";

/** Writes what xinetd is to do, without any of its limits, and returns where that stands. */
export function writeXinetdConfiguration({ folder, port, uppercase }: Setting): string {
  const file = join(folder, "xinetd.conf");
  writeFileSync(
    file,
    `service uppercase
{
  type = UNLISTED
  socket_type = stream
  protocol = tcp
  bind = 127.0.0.1
  port = ${port}
  wait = no
  user = ${userInfo().username}
  server = ${uppercase}
  instances = UNLIMITED
  per_source = UNLIMITED
  cps = 0 0
}
`,
  );
  return file;
}
