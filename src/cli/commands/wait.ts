import { type Command, Option as Flag } from "commander";
import type { Status } from "../../admin/api.ts";
import { watchHolder } from "../../admin/holder-watch.ts";
import { durationRule, formatDuration, readDuration } from "../../config/duration.ts";
import { valueOrRefusal } from "../../config/refusal.ts";
import { type Comparison, parseComparison } from "../comparison.ts";
import { addForDaemon, type CommonOptions, print } from "../daemon-command.ts";
import { findCandidates, severalRun } from "../find-daemon.ts";
import type { Finish } from "../program.ts";
import { waitFor } from "../../admin/waiting.ts";

const description = `Waits until a fact holds, for scripts and for tests: that the daemon is ready to serve, that it serves so many
connections, or that nothing of it is left. Without --timeout it waits for as long as it takes.`;

interface WaitOptions extends CommonOptions {
  readonly ready?: true;
  readonly stopped?: true;
  readonly connections?: Comparison;
  readonly timeout?: number;
}

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
      const look = options.stopped === true ? whetherStopped(name, options) : () => whetherServing(name, options);
      const isTrue = (await waitFor(look, options.timeout)) === true;
      if (isTrue) print({ waited: true }, options, () => "It is so.");
      else if (options.json === true) print({ waited: false }, options, () => "");
      else process.stderr.write(`forkd: ${whatIsNotSo(name, options)}\n`);
      finish(isTrue ? 0 : 1);
    });
}

/** Those that run when the waiting begins, and any that have come since. */
function whetherStopped(name: string | undefined, { runtimeDir }: WaitOptions): () => Promise<true | undefined> {
  const watches = findCandidates(name, runtimeDir).map(({ client }) => watchHolder(client.folder.pidFile));
  return async () =>
    (watches.every((hasEnded) => hasEnded()) && findCandidates(name, runtimeDir).length === 0) || undefined;
}

async function whetherServing(name: string | undefined, options: WaitOptions): Promise<true | undefined> {
  const candidates = findCandidates(name, options.runtimeDir);
  const [only, ...others] = candidates;
  if (others.length > 0) throw severalRun(candidates);
  const status = await only?.client.status().catch(() => undefined); // not ready yet, or not any more
  return (status !== undefined && holds(status, options)) || undefined;
}

function holds(status: Status, { connections }: WaitOptions): boolean {
  return connections === undefined ? isReady(status) : connections.holds(status.workers?.busy ?? 0);
}

const isReady = ({ state }: Status): boolean => !["starting", "draining", "stopping", "stopped"].includes(state);

function whatIsNotSo(name = "the daemon", { stopped, connections, timeout = 0 }: WaitOptions): string {
  const fact = stopped
    ? "has stopped"
    : connections === undefined
      ? "is ready"
      : `serves ${connections.text} connections`;
  return `Within ${formatDuration(timeout)} it did not come true that ${name} ${fact}.`;
}
