import { setImmediate as poll, setTimeout as pass } from "node:timers/promises";
import pino, { type DestinationStream, type Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import { RecordAssembler } from "../log/chunks.ts";
import { recordOfEnd } from "../log/end-line.ts";
import type { Level } from "../log/levels.ts";
import { type PipedRecord, readRecord } from "../log/read-record.ts";
import { createLog, formatRecord, type Log } from "../log/record.ts";
import { native } from "../native.ts";
import type { LastError } from "../admin/api.ts";
import type { HandedLog } from "./handover.ts";
import { LogFile } from "./log-file.ts";
import { makeLogPipe, type LogPipe } from "./log-pipe.ts";
import { LogReader } from "./log-reader.ts";
import { LogOutput } from "./log-output.ts";
import { loadPrettifier } from "./pretty-lines.ts";

const stderr = 2;
/** For the last records, of workers that are dead already or whoever reads slowly; in ms. */
const patience = 500;

type LogSettings = Pick<Settings, "anonymizePeers" | "logFile" | "logFormat" | "logLevel">;
/** For what was kept of a daemon that has not started. */
const atFailure: LogSettings = { anonymizePeers: false, logFile: "", logFormat: "json", logLevel: "info" };

/**
 * The daemon's log, on standard error or in a file: what the supervisor says itself, and what its zygotes and workers send through
 * a pipe of which each of them holds the writing end. Until the settings are known, what comes is kept.
 */
export class DaemonLog {
  readonly pipe: LogPipe;
  /** How many records of workers found the pipe full, since this was last asked. */
  takeDropped: () => number = () => 0;
  /** The last record that told of an error. */
  lastError: LastError | undefined;
  readonly #reader: LogReader;
  readonly #assembler = new RecordAssembler();
  readonly #output = new LogOutput(stderr, (count, why) => this.#tellLoss(count, why));
  /** For what the supervisor has to say of a worker: records with the worker's identity, not its own. */
  readonly ofWorkers: Log = createLog(
    () => this.#level,
    () => ({}),
    (record) => this.#relay([record]),
  );
  #level: Level = "info";
  #anonymizePeers = false;
  #destination: DestinationStream | undefined;
  #logger: Logger | undefined;
  #file: LogFile | undefined;
  #kept: string[] = [];

  /** For the supervisor's own records; undefined until the settings are known. */
  get logger(): Logger | undefined {
    return this.#logger;
  }

  /** @param begun - What there is of it already; the rest is what the program was reading before it became this one. */
  constructor({ logPipe = makeLogPipe(), logRest = "" }: Partial<HandedLog> = {}) {
    this.pipe = logPipe;
    this.#assembler.rest = logRest;
    this.#reader = new LogReader(
      this.pipe[0],
      (bytes) => this.#relay(this.#assembler.push(bytes)),
      () => this.#relay(this.#assembler.end()),
    );
  }

  /** Reads no more, and writes what it has read: what comes is for another program to read. */
  async handOver(): Promise<HandedLog> {
    this.#reader.pause();
    await atMost(patience, this.#output.written());
    return { logPipe: this.pipe, logRest: this.#assembler.rest };
  }

  /** There was no other program. */
  goOn(): void {
    this.#reader.resume();
  }

  /**
   * Again at a reload, with the same file.
   * @throws ForkdError `FORKD_E_LOG_FILE`; what is kept goes to standard error then
   */
  async configure({ anonymizePeers, logFile, logFormat, logLevel }: LogSettings): Promise<void> {
    this.#anonymizePeers = anonymizePeers;
    if (logFile !== "" && this.#file === undefined) this.#openFile(logFile);
    const destination = logFormat === "pretty" ? await prettyDestination(this.#output) : this.#output;
    const options = {
      level: logLevel,
      base: { role: "supervisor", pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.#level = logLevel;
    this.#destination = destination;
    this.#logger = pino(options, { write: (line) => this.#writeOwn(line, destination) });
    for (const record of this.#kept.splice(0)) this.#write(record);
  }

  /** The same for a daemon that serves: what keeps the log from being as it should does not end it. */
  async goOnWith(settings: LogSettings): Promise<void> {
    try {
      await this.configure(settings);
    } catch (error) {
      await this.configure({ ...settings, logFile: "", logFormat: "json" }); // standard error is the file that there was
      this.#logger?.error({ err: error }, `the log stays where it was: ${(error as Error).message}`);
    }
  }

  /** Where it goes, if not to standard error. */
  get path(): string | undefined {
    return this.#file?.path;
  }

  /** From now on what Node itself has to say, when it crashes, lands in the log file, if there is one. */
  stretchTo(descriptors: readonly number[]): void {
    this.#file?.stretchTo(descriptors);
  }

  /** For who has renamed the log file: what comes goes to a new one. Standard error stays what it is. */
  reopen(): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      file.reopen();
      this.#output.redirect(file.fd);
      this.#logger?.debug({ path: file.path }, "the log file was opened anew");
    } catch (error) {
      this.#logger?.error({ path: file.path }, `the log file stays the old one: ${(error as Error).message}`);
    }
  }

  /**
   * Writes what is still in the pipe; waits until nobody else can write to it, but not for ever.
   * @param sayLast - Has the word after all others.
   */
  async close(sayLast: () => void = () => undefined): Promise<void> {
    native.close(this.pipe[1]);
    await atMost(patience, this.#reader.toEnd());
    await poll(); // the time may have gone by while this process was kept from running
    this.#reader.close();
    sayLast();
    if (this.#kept.length > 0) await this.configure(atFailure);
    await atMost(patience, this.#output.written());
  }

  #openFile(path: string): void {
    this.#file = new LogFile(path);
    this.#output.redirect(this.#file.fd);
  }

  #relay(records: readonly string[]): void {
    for (const text of records) if (text !== "") this.#write(this.#recordOf(text));
    const dropped = this.takeDropped();
    if (dropped > 0) this.#tellLoss(dropped, "they came faster than they were written");
  }

  #write(record: string): void {
    if (this.#destination === undefined) this.#kept.push(record);
    else this.#destination.write(`${record}\n`);
  }

  /** The supervisor's own record, a line of JSON. */
  #writeOwn(line: string, destination: DestinationStream): void {
    this.#noteError(JSON.parse(line) as PipedRecord);
    destination.write(line);
  }

  #noteError({ level, time, msg }: PipedRecord): void {
    if (level === "error") this.lastError = { time, message: msg };
  }

  #recordOf(text: string): string {
    const record = readRecord(text);
    if (record !== undefined) {
      this.#noteError(record);
      return text;
    }
    return recordOfEnd(text, { anonymizePeers: this.#anonymizePeers }) ?? this.#recordOfOutput(text);
  }

  /** What is no record comes from Node itself, or from a program that user code started. */
  #recordOfOutput(text: string): string {
    this.lastError = { time: new Date().toISOString(), message: text };
    return formatRecord("error", { role: "output" }, text);
  }

  #tellLoss(dropped: number, why: string): void {
    this.#logger?.warn({ dropped }, `${dropped} log records were lost: ${why}`);
  }
}

async function prettyDestination(output: LogOutput): Promise<DestinationStream> {
  const pretty = await loadPrettifier();
  return { write: (line) => output.write(pretty(line.replace(/\n$/, ""))) };
}

const atMost = (ms: number, event: Promise<unknown>): Promise<unknown> => Promise.race([event, pass(ms)]);
