import { ForkdError } from "../errors.ts";
import { describeValue } from "./describe-options.ts";

const longestShown = 120;

/** What a parser answers: the value, or why not; the hint is empty where the rule alone says it. */
export type Parsed<T> = { readonly value: T } | { readonly hint: string };

/** The value that was parsed; throws the refusal of `text` otherwise. */
export function valueOrRefusal<T>(parsed: Parsed<T>, subject: string, rule: string, text: string): T {
  if ("value" in parsed) return parsed.value;
  throw refusal(subject, rule, showValue(text), parsed.hint);
}

/** The error that says what must be, what was received instead, and the way out. */
export function refusal(subject: string, rule: string, received: string, hint = ""): ForkdError {
  const sentence = `${subject} must be ${rule}; received ${received}.`;
  return new ForkdError("FORKD_E_OPTION", hint === "" ? sentence : `${sentence} ${hint}`);
}

/** A value in words, as a refusal shows it. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return showObject(value);
  const described = describeValue(value);
  return typeof described === "object" && described !== null
    ? showObject(described)
    : shorten(JSON.stringify(described));
}

function showObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if ("$function" in value) return "a function";
  return "$value" in value && typeof value.$value === "string" ? shorten(value.$value) : "an object";
}

function shorten(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}… (${text.length} characters)`;
}
