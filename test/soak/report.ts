import type { Holdings } from "./growth.ts";
import type { Tally } from "./soak.ts";

/** One line, while it goes on. */
export function progressOf({ task, ledger, startedAt, done }: Tally): string {
  const { engine, style, connections, duration } = task;
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = done / seconds;
  const left = Math.min((connections - done) / rate, duration / 1000 - seconds);
  const share = Math.floor((100 * done) / connections);
  const deviations =
    ledger.deviationCount === 0 ? "" : `, ${ledger.deviationCount} DEVIATIONS, ${ledger.deviations.at(-1)}`;
  return `${engine}, ${style}: ${done} of ${connections} (${share} %), ${Math.round(rate)}/s, ${timeOf(left)} left${deviations}`;
}

/** Some lines, in the end. */
export function summaryOf({ task, ledger, killer, watch, startedAt, done, before, after }: Tally): string {
  const seconds = (performance.now() - startedAt) / 1000;
  const reasons = [...ledger.reasons].toSorted(([, one], [, other]) => other - one);
  const zygotes = [...watch.zygotes.values()].flatMap(({ span }) => span ?? []);
  const lines = [
    `${task.engine}, ${task.style}: ${done} connections in ${timeOf(seconds)}, ${Math.round(done / seconds)}/s`,
    `  ends: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(", ")}`,
    `  killed: ${killer.zygotes} zygotes, ${killer.workers} workers, which cut ${ledger.cut} clients`,
    `  supervisor: ${holdings(before[0])}, then ${holdings(after[0])}; while busy ${spanOf(watch.supervisor.span)}`,
    `  zygote: ${holdings(before[1])}, then ${holdings(after[1])}; while busy ${zygotes.map(spanOf).join(", ") || spanOf(undefined)}`,
    `  deviations: ${ledger.deviationCount === 0 ? "none" : ledger.deviationCount}`,
    ...ledger.deviations.map((deviation) => `    ${deviation}`),
  ];
  return `${lines.join("\n")}\n`;
}

const holdings = (held: Holdings | undefined): string =>
  held === undefined ? "unknown" : `${held.memory.toFixed(1)} MiB and ${held.descriptors} descriptors`;

const spanOf = (span: { first: number; last: number } | undefined): string =>
  span === undefined ? "too short to tell" : `${span.first.toFixed(1)} to ${span.last.toFixed(1)} MiB`;

function timeOf(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min`;
}
