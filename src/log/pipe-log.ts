import { Writable } from "node:stream";
import { native } from "../native.ts";
import { cutRecord } from "./chunks.ts";
import type { Level } from "./levels.ts";
import { createLog, formatRecord, type Fields, type Log } from "./record.ts";

const pipe = 2;

/** The log of the zygote and the workers: standard error, a pipe that the supervisor reads. */
export class PipeLog {
  threshold: Level = "info";
  /** Where it is said how connections end as usual. */
  endsGoTo = pipe;
  identity: () => Fields = () => ({ role: "zygote", pid: process.pid });
  onDropped: () => void = () => undefined;
  readonly log: Log = createLog(
    () => this.threshold,
    () => this.identity(),
    (record) => this.#write(record),
  );

  /** For what the zygote has to say of a worker: records with the worker's identity, not its own. */
  readonly ofWorkers: Log = createLog(
    () => this.threshold,
    () => ({}),
    (record) => this.#write(record),
  );

  /** Says how the connection has ended that the worker serves, if that is as usual. */
  tellEnd(): void {
    if (native.tellEnd(this.endsGoTo) < 0) this.onDropped();
  }

  /** A log whose records say more about themselves. */
  with(fields: Fields): Log {
    return createLog(
      () => this.threshold,
      () => ({ ...this.identity(), ...fields }),
      (record) => this.#write(record),
    );
  }

  /** What user code prints becomes records too, whatever the level: it asked for it. */
  captureOutput(): void {
    capture("stdout", (text) => this.#write(formatRecord("info", this.identity(), text)));
    capture("stderr", (text) => this.#write(formatRecord("error", this.identity(), text)));
  }

  #write(record: string): void {
    for (const part of cutRecord(record, process.pid)) {
      if (native.logWrite(pipe, part) < 0) return this.onDropped();
    }
  }
}

/** Each line that is written becomes a record at once; Node's own streams would need an event loop for that. */
function capture(name: "stdout" | "stderr", record: (text: string) => void): void {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const text = chunk.toString().replace(/\n$/, "");
      if (text !== "") record(text);
      done();
    },
  });
  Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream });
}
