import * as v from "valibot";
import { addressRule, formatAddress, type ListenAddress, readAddress } from "./address.ts";
import { durationOrOffRule, durationRule, formatDuration, needsUnit, readDuration } from "./duration.ts";
import { nearestName } from "./nearest-name.ts";
import type { Parsed } from "./refusal.ts";
import { formatSize, needsSizeUnit, readSize, sizeOrOffRule, unlimited } from "./size.ts";

/**
 * A kind of value. The schema takes what a module gives and what `fromText` makes of a flag or a variable; the message
 * of each of its issues is only the way out, for the rule says the rest.
 */
export interface Kind<T> {
  readonly rule: string;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
  /** Whether the flag may be repeated and the variable holds several values between commas. */
  readonly several?: true;
  /** All values, where they are words. */
  readonly words?: readonly string[];
  /** Whether the flag alone says it, without a value; `--no-…` says the opposite. */
  readonly isSwitch?: true;
  readonly schema: v.GenericSchema<unknown, T>;
  readonly fromText: (text: string) => unknown;
  /** A value that holds, as a module would give it. */
  show(value: T): unknown;
}

/** A whole number in a range. */
export function wholeNumber(least: number, most: number): Kind<number> {
  return {
    rule: `a whole number from ${least} to ${most}`,
    placeholder: "N",
    schema: v.pipe(v.number(""), v.integer(""), v.minValue(least, ""), v.maxValue(most, "")),
    fromText: (text) => (/^-?\d+$/.test(text) ? Number(text) : text),
    show: itself,
  };
}

/** A whole number in a range, or "off", which is -1. */
export function wholeNumberOrOff(least: number, most: number): Kind<number> {
  const { rule, placeholder, schema, fromText } = wholeNumber(least, most);
  return {
    rule: `${rule}, or "off"`,
    placeholder,
    schema: v.union(
      [
        schema,
        v.pipe(
          v.literal("off"),
          v.transform(() => unlimited),
        ),
      ],
      "",
    ),
    fromText,
    show: (value) => (value === unlimited ? "off" : value),
  };
}

/** True or false, as the flag or its opposite says. */
export const yesOrNo: Kind<boolean> = {
  rule: "true or false",
  placeholder: "",
  isSwitch: true,
  schema: v.boolean(""),
  fromText: (text) => (text === "true" ? true : text === "false" ? false : text),
  show: itself,
};

/** One of a few words. */
export function oneOf<const T extends string>(placeholder: string, words: readonly T[]): Kind<T> {
  const quoted = words.map((word) => `"${word}"`);
  return {
    rule: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    placeholder,
    words,
    schema: v.picklist(words, ({ input }) => hintAtWord(input, words)),
    fromText: itself,
    show: itself,
  };
}

/** What a duration may be, beside a number of milliseconds. */
interface DurationOptions {
  /** It may be "off", which is 0. */
  readonly off?: boolean;
  /** Nobody could keep to less. */
  readonly wholeSeconds?: boolean;
}

/** A duration in milliseconds; 0 for "off" where it may be off. */
export function duration(options: DurationOptions = {}): Kind<number> {
  return {
    rule: options.off ? durationOrOffRule : durationRule,
    placeholder: "DURATION",
    schema: v.pipe(
      v.string(hintAtUnit),
      parsed((text) => readDuration(text, options)),
      v.check((ms) => !options.wholeSeconds || ms % 1000 === 0, "The kernel counts whole seconds."),
    ),
    fromText: itself,
    show: formatDuration,
  };
}

/** A size in bytes, or "off", which is -1. */
export const size: Kind<number> = {
  rule: sizeOrOffRule,
  placeholder: "SIZE",
  schema: v.pipe(
    v.string(({ input }) => (typeof input === "number" ? needsSizeUnit(input) : "")),
    parsed(readSize),
  ),
  fromText: itself,
  show: formatSize,
};

/** A file's path, or "off", which is empty. */
export const fileOrOff: Kind<string> = {
  rule: 'the path of a file, or "off"',
  placeholder: "FILE",
  schema: v.pipe(
    v.string(""),
    v.check((path) => path !== "" && !path.includes("\0"), ""),
    v.transform((path) => (path === "off" ? "" : path)),
  ),
  fromText: itself,
  show: (path) => path || "off",
};

/** The name of a daemon. Files are named after it, so no slash, and no dot in front. */
export const daemonName: Kind<string> = {
  rule: '1 to 64 letters, digits, "-", "_" and ".", the first of them a letter, a digit or "_"',
  placeholder: "NAME",
  schema: v.pipe(v.string(""), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "")),
  fromText: itself,
  show: itself,
};

/** One address or several. */
export const addresses: Kind<ListenAddress[]> = {
  rule: `${addressRule}, or several`,
  placeholder: "ADDRESS",
  several: true,
  schema: v.pipe(
    v.unknown(),
    v.transform((value) => (Array.isArray(value) ? (value as unknown[]) : [value])),
    v.array(v.pipe(v.string(""), parsed(readAddress)), ""),
    v.nonEmpty("One at least is needed."),
    v.rawCheck(refuseTwice),
  ),
  fromText: itself,
  show: (list) => list.map(formatAddress),
};

/** A function of the module's: the supervisor sees only a mark that stands for it. */
export const functionSchema = v.strictObject({ $function: v.literal(true) });

function parsed<T>(read: (text: string) => Parsed<T>): v.RawTransformAction<string, T> {
  return v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const result = read(dataset.value);
    if ("value" in result) return result.value;
    addIssue({ message: result.hint });
    return NEVER;
  });
}

function refuseTwice({ dataset, addIssue }: v.RawCheckContext<ListenAddress[]>): void {
  if (!dataset.typed) return;
  const seen = new Set<string>();
  for (const address of dataset.value) {
    const text = formatAddress(address);
    const kernelChooses = address.family !== "unix" && address.port === 0;
    if (seen.has(text) && !kernelChooses) addIssue({ input: text, message: "It is there twice; once is enough." });
    seen.add(text);
  }
}

function hintAtUnit({ input }: v.StringIssue): string {
  return typeof input === "number" ? needsUnit(input) : "";
}

function hintAtWord(input: unknown, words: readonly string[]): string {
  const nearest = typeof input === "string" ? nearestName(input, words) : undefined;
  return nearest === undefined ? "" : `Did you mean "${nearest}"?`;
}

function itself<T>(value: T): T {
  return value;
}
