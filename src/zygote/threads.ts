import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";

/** The names of this process's threads, by their ids. */
export type Threads = ReadonlyMap<number, string>;

export function listThreads(): Threads {
  const threads = new Map<number, string>();
  for (const id of readdirSync("/proc/self/task")) {
    const name = readName(id);
    if (name !== undefined) threads.set(Number(id), name);
  }
  return threads;
}

/** libuv's pool starts with the first work it is given; as many threads as the zygote's environment says. */
export async function startThreadpool(): Promise<void> {
  await stat("/");
}

function readName(id: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trimEnd();
  } catch {
    return undefined; // it has ended meanwhile
  }
}
