import { type Command, Option as Flag } from "commander";
import type { Status } from "../../admin/api.ts";
import { parseDuration } from "../../config/duration.ts";
import { ForkdError } from "../../errors.ts";
import { addForDaemon, type CommonOptions, print } from "../daemon-command.ts";
import { findDaemons, nameOf } from "../find-daemon.ts";
import type { Finish } from "../program.ts";
import { waitFor } from "../waiting.ts";

const description = `Waits until a fact holds, for scripts and for tests: that the daemon is ready to serve, that it serves so many
connections, or that nothing of it is left. Without --timeout it waits for as long as it takes.`;

interface WaitOptions extends CommonOptions {
  readonly ready?: true;
  readonly stopped?: true;
  readonly connections?: Comparison;
  readonly timeout?: number;
}

type Comparison = (count: number) => boolean;

export function addWait(program: Command, finish: Finish): void {
  addForDaemon(program, "wait", "wait until a fact holds")
    .description(description)
    .addOption(new Flag("--ready", "until it serves (the default)"))
    .addOption(
      new Flag("--connections <COMPARISON>", 'until so many are being served, as in ">=2", "<5", "==0"').argParser(
        parseComparison,
      ),
    )
    .addOption(new Flag("--stopped", "until no process of it is left"))
    .addOption(
      new Flag("--timeout <DURATION>", "give up, with status 1, after this time").argParser((text) =>
        parseDuration(text),
      ),
    )
    .action(async (name: string | undefined, options: WaitOptions) => {
      const isTrue = await waitFor(() => look(name, options), options.timeout);
      if (isTrue === undefined) process.stderr.write("forkd: Time is up, and it is not so.\n");
      else print({ waited: true }, options, () => "It is so.");
      finish(isTrue === undefined ? 1 : 0);
    });
}

/** True once the fact holds. */
async function look(name: string | undefined, options: WaitOptions): Promise<true | undefined> {
  const running = findDaemons(options.runtimeDir).filter((one) => name === undefined || one.name === nameOf(name));
  if (options.stopped === true) return running.length === 0 || undefined;
  const [only, ...others] = running;
  if (others.length > 0) throw severalRun(running.map((one) => one.name));
  const status = await only?.client.status().catch(() => undefined); // not ready yet, or not any more
  return (status !== undefined && holds(status, options)) || undefined;
}

function holds(status: Status, { connections }: WaitOptions): boolean {
  return connections === undefined ? isReady(status) : connections(status.workers.busy);
}

const isReady = ({ state }: Status): boolean => !["starting", "draining", "stopping", "stopped"].includes(state);

const severalRun = (names: readonly string[]): ForkdError =>
  new ForkdError("FORKD_E_NOT_RUNNING", `Several daemons run: say which of them is meant, ${names.join(", ")}.`);

function parseComparison(text: string): Comparison {
  const [, operator = "", digits = ""] = /^(>=|<=|==|=|>|<)?\s*(\d{1,9})$/.exec(text) ?? [];
  const number = Number(digits);
  if (digits === "") {
    throw new ForkdError(
      "FORKD_E_USAGE",
      `--connections must be a number behind ">=", "<=", "==", ">" or "<"; received ${JSON.stringify(text)}.`,
    );
  }
  const comparisons: Record<string, Comparison> = {
    ">=": (count) => count >= number,
    "<=": (count) => count <= number,
    ">": (count) => count > number,
    "<": (count) => count < number,
  };
  return comparisons[operator] ?? ((count) => count === number);
}
