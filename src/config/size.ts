import { type Parsed, valueOrRefusal } from "./refusal.ts";

const unitsInBytes = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** The rule for a size that may be switched off, as sentences say it. */
export const sizeOrOffRule = 'a size such as "512KiB", "64MiB" or "1GiB", or "off"';

/** What stands for a limit that is switched off. */
export const unlimited = -1;

/**
 * The bytes of a size such as `"64MiB"`, `"1.5GiB"` or `"0B"`, and -1 for `"off"`.
 *
 * @throws ForkdError with the code `FORKD_E_OPTION`
 */
export function parseSize(text: string): number {
  return valueOrRefusal(readSize(text), "A size", sizeOrOffRule, text);
}

/** The shortest text for a number of bytes that {@link parseSize} understands. */
export function formatSize(bytes: number): string {
  if (bytes === unlimited) return "off";
  const units = Object.entries(unitsInBytes);
  const [unit, size] = units.findLast(([, inBytes]) => bytes !== 0 && bytes % inBytes === 0) ?? ["B", 1];
  return `${bytes / size}${unit}`;
}

/** The bytes of a size, or why there are none. */
export function readSize(text: string): Parsed<number> {
  if (text === "off") return { value: unlimited };
  if (/^\d+(\.\d+)?$/.test(text)) return { hint: needsSizeUnit(text) };
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    return { hint: /^\d/.test(text) ? "The units are B, KiB, MiB, GiB and TiB." : "" };
  }
  const bytes = Number(amount) * unitsInBytes[unit as keyof typeof unitsInBytes];
  if (!Number.isSafeInteger(bytes)) return { hint: "It must be a whole number of bytes, below 8 PiB." };
  return { value: bytes };
}

/** The way out for a number that has no unit. */
export function needsSizeUnit(amount: number | string): string {
  return `A number needs its unit, such as "${amount}MiB" or "${amount}KiB".`;
}
