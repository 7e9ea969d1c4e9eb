import { type Command, Option as Flag } from "commander";
import type { Status } from "../../admin/api.ts";
import { watchHolder } from "../../admin/holder-watch.ts";
import { waitFor } from "../../admin/waiting.ts";
import { durationRule, formatDuration, readDuration } from "../../config/duration.ts";
import { valueOrRefusal } from "../../config/refusal.ts";
import { ForkdError } from "../../errors.ts";
import { type Comparison, parseComparison } from "../comparison.ts";
import { addForDaemon, type CommonOptions, print } from "../daemon-command.ts";
import { findCandidates, type Found, notFound, severalRun } from "../find-daemon.ts";
import type { Finish } from "../program.ts";
import { Progress } from "../progress.ts";

const description = `Waits until a fact holds, for scripts and for tests: that the daemon is ready to serve, that it serves so many
connections, or that nothing of it is left. Without --timeout it waits for as long as it takes, for a daemon that does not
run yet as well; one that stops meanwhile, and so cannot make the fact true, ends the wait with an error.`;

interface WaitOptions extends CommonOptions {
  readonly ready?: true;
  readonly stopped?: true;
  readonly connections?: Comparison;
  readonly timeout?: number;
}

/** Whether the fact holds now; undefined if not. */
type Look = () => Promise<true | undefined>;

export function addWait(program: Command, finish: Finish): void {
  addForDaemon(program, "wait", "wait until a fact holds")
    .description(description)
    .addOption(new Flag("--ready", "until it serves (the default)").conflicts(["connections", "stopped"]))
    .addOption(
      new Flag("--connections <COMPARISON>", 'until so many are being served, as in ">=2", "<5", "==0"')
        .argParser(parseComparison)
        .conflicts("stopped"),
    )
    .addOption(new Flag("--stopped", "until no process of it is left"))
    .addOption(
      new Flag("--timeout <DURATION>", "give up, with status 1, after this time").argParser((text) =>
        valueOrRefusal(readDuration(text), "--timeout", durationRule, text),
      ),
    )
    .action(async (name: string | undefined, options: WaitOptions) => {
      const progress = new Progress(options.json === true);
      const look = options.stopped === true ? whetherStopped(name, options) : whetherServing(name, options, progress);
      const isTrue = (await waitFor(look, options.timeout).finally(() => progress.end())) === true;
      if (isTrue) print({ waited: true }, options, () => "It is so.");
      else if (options.json === true) print({ waited: false }, options, () => "");
      else process.stderr.write(`forkd: ${whatIsNotSo(name, options)}\n`);
      finish(isTrue ? 0 : 1);
    });
}

/** Those that run when the waiting begins, and any that have come since. */
function whetherStopped(name: string | undefined, { runtimeDir }: WaitOptions): Look {
  const watches = findCandidates(name, runtimeDir).map(({ client }) => watchHolder(client.folder.pidFile));
  return async () =>
    (watches.every((hasEnded) => hasEnded()) && findCandidates(name, runtimeDir).length === 0) || undefined;
}

function whetherServing(name: string | undefined, options: WaitOptions, progress: Progress): Look {
  let last: Found | undefined;
  return async () => {
    const candidates = findCandidates(name, options.runtimeDir);
    const [only, ...others] = candidates;
    if (others.length > 0) throw severalRun(candidates);
    if (only === undefined && last !== undefined) throw hasStopped(last.name, options);
    last = only;
    const status = await only?.client.status().catch(() => undefined); // not ready yet, or not any more
    progress.show(describe(name, options, last, status), last === undefined);
    return (status !== undefined && holds(status, options)) || undefined;
  };
}

function describe(name: string | undefined, { runtimeDir }: WaitOptions, found?: Found, status?: Status): string {
  if (found === undefined) return `forkd: ${notFound(name, runtimeDir).message} It is waited for.`;
  return `${found.name}: ${status?.state ?? "starting"}`;
}

function holds(status: Status, { connections }: WaitOptions): boolean {
  return connections === undefined ? isReady(status) : connections.holds(status.workers?.busy ?? 0);
}

const isReady = ({ state }: Status): boolean => !["starting", "draining", "stopping", "stopped"].includes(state);

const hasStopped = (name: string, options: WaitOptions): ForkdError =>
  new ForkdError("FORKD_E_NOT_RUNNING", `It cannot come true that ${factOf(name, options)}: the daemon has stopped.`);

const whatIsNotSo = (name = "the daemon", options: WaitOptions): string =>
  `Within ${formatDuration(options.timeout ?? 0)} it did not come true that ${factOf(name, options)}.`;

function factOf(name: string, { stopped, connections }: WaitOptions): string {
  if (stopped) return `${name} has stopped`;
  return connections === undefined ? `${name} is ready` : `${name} serves ${connections.text} connections`;
}
