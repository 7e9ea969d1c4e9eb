import * as v from "valibot";
import { functionSchema, type Kind } from "./kinds.ts";
import { flagOf, functionOptions, type Option, optionNames, optionTable, variableOf } from "./option-table.ts";
import { refusal, showValue } from "./refusal.ts";
import type { OptionName, Origin, Origins, Settings, Sources } from "./settings.ts";
import { refuseUnknownNames } from "./unknown-names.ts";

/** A value that somebody gave, and where it comes from: for the settings, and in words for a refusal. */
interface Given {
  readonly value: unknown;
  readonly origin: Origin;
  readonly from: string;
}

/**
 * What holds, of all that was said: flags beat variables, which beat the module, which beats the defaults.
 *
 * @throws ForkdError with the code `FORKD_E_OPTION` for the first thing that is wrong
 */
export function resolveSettings(sources: Sources): { readonly settings: Settings; readonly origins: Origins } {
  refuseUnknownNames(sources);
  checkFunctions(sources.module);
  const given = optionNames.map((name) => [name, findValue(name, sources)] as const);
  return {
    settings: Object.fromEntries(given.map(([name, found]) => [name, check(name, found)])) as unknown as Settings,
    origins: Object.fromEntries(given.map(([name, { origin }]) => [name, origin])) as Origins,
  };
}

/** What holds of one option: before the module is loaded, say. */
export function resolveOption<Name extends OptionName>(name: Name, sources: Sources): Settings[Name] {
  return check(name, findValue(name, sources)) as Settings[Name];
}

function checkFunctions(module: Sources["module"]): void {
  for (const [name, { rule, required }] of Object.entries(functionOptions)) {
    const value = Object.hasOwn(module, name) ? module[name] : undefined;
    if (value === undefined && !required) continue;
    if (!v.is(functionSchema, value)) throw refusal(name, rule, `${showValue(value)} (from the module)`);
  }
}

function findValue(name: OptionName, sources: Sources): Given {
  const option: Option<unknown> = optionTable[name];
  return (
    findFlag(name, option, sources) ??
    findVariable(name, option, sources) ??
    findInModule(name, sources) ??
    findFallback(option, sources)
  );
}

function findFlag(name: OptionName, { kind }: Option<unknown>, { flags }: Sources): Given | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  return { value: valueOfFlag(text, kind), origin: "flag", from: flagOf(name) };
}

function valueOfFlag(given: Sources["flags"][string], { fromText }: Kind<unknown>): unknown {
  if (typeof given === "boolean") return given;
  return typeof given === "string" ? fromText(given) : given.map(fromText);
}

function findVariable(name: OptionName, { kind }: Option<unknown>, { variables }: Sources): Given | undefined {
  const text = variables[variableOf(name)];
  if (text === undefined) return undefined;
  const value = kind.several ? text.split(",").map((part) => kind.fromText(part.trim())) : kind.fromText(text);
  return { value, origin: "variable", from: variableOf(name) };
}

function findInModule(name: OptionName, { module }: Sources): Given | undefined {
  const value = module[name];
  return value === undefined ? undefined : { value, origin: "module", from: "the module" };
}

function findFallback({ fallback }: Option<unknown>, sources: Sources): Given {
  const depends = typeof fallback === "object" && "words" in fallback;
  return depends
    ? {
        value: fallback.choose(sources, (name) => findValue(name, sources).value),
        origin: "default",
        from: fallback.words,
      }
    : { value: fallback, origin: "default", from: "the default" };
}

function check(name: OptionName, { value, origin, from }: Given): unknown {
  const { kind }: Option<unknown> = optionTable[name];
  const result = v.safeParse(kind.schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ input, message }] = result.issues;
  // The one default that can be wrong is made of something else's name.
  const hint = origin === "default" ? `Choose one with ${flagOf(name)}.` : message;
  throw refusal(name, kind.rule, `${showValue(input)} (from ${from})`, hint);
}
