import { type Parsed, valueOrRefusal } from "./refusal.ts";

const unitsInMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a timer takes: a signed number of milliseconds of 32 bits. */
export const longestTimeout = 2 ** 31 - 1;

/** The rule for a duration, as sentences say it. */
export const durationRule = 'a duration such as "500ms", "10s", "5m" or "1h"';

/** The rule for a duration that may be switched off. */
export const durationOrOffRule = 'a duration such as "500ms", "10s", "5m", "1h", or "off"';

/**
 * The milliseconds of a duration such as `"500ms"`, `"1.5s"`, `"10m"`, `"2h"` or `"1d"`, and 0 for `"off"` if that is
 * allowed.
 *
 * @throws ForkdError with the code `FORKD_E_OPTION`
 */
export function parseDuration(text: string, options: { readonly off?: boolean } = {}): number {
  const rule = options.off ? durationOrOffRule : durationRule;
  return valueOrRefusal(readDuration(text, options), "A duration", rule, text);
}

/** The shortest text for a number of milliseconds that {@link parseDuration} understands; `"off"` for 0. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "off";
  const [unit, size] = Object.entries(unitsInMs).findLast(([, unitInMs]) => ms % unitInMs === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** The milliseconds of a duration, or why there are none. */
export function readDuration(text: string, { off = false }: { readonly off?: boolean } = {}): Parsed<number> {
  if (off && text === "off") return { value: 0 };
  if (/^\d+(\.\d+)?$/.test(text)) return { hint: needsUnit(text) };
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return { hint: "" };
  // Some decimal fractions have none in binary: 4.35 × 100 is not 435.
  const ms = Math.round(Number(amount) * unitsInMs[unit as keyof typeof unitsInMs]);
  if (ms < 1) return { hint: off ? 'The shortest is "1ms"; "off" means none.' : 'The shortest is "1ms".' };
  if (ms > longestTimeout) return { hint: `The longest is "${longestTimeout}ms", about 24 days.` };
  return { value: ms };
}

/** The way out for a number that has no unit. */
export function needsUnit(amount: number | string): string {
  return `A number needs its unit, such as "${amount}s" or "${amount}ms".`;
}
