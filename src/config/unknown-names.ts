import { closestMatch } from "leven";
import { ForkdError } from "../errors.ts";
import { functionOptions, optionNames, variableOf } from "./option-table.ts";
import { showValue } from "./refusal.ts";
import type { Sources } from "./settings.ts";

/** Refuses options, flags and variables that forkd does not know, with the nearest name that it does. */
export function refuseUnknownNames({ flags, variables, module }: Sources): void {
  const ours = Object.keys(variables).filter((name) => name.startsWith("FORKD_") && variables[name] !== undefined);
  refuse(Object.keys(flags), optionNames, (name) => `Unknown flag ${name}`);
  refuse(ours, optionNames.map(variableOf), (name) => `Unknown variable ${name}`);
  refuse(Object.keys(module), moduleNames, (name) => `Unknown option ${name} in the module`);
}

const moduleNames = [...optionNames, ...Object.keys(functionOptions)];

function refuse(names: readonly string[], known: readonly string[], complain: (name: string) => string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const wayOut = nearest === undefined ? `known are ${known.join(", ")}.` : `did you mean ${JSON.stringify(nearest)}?`;
  throw new ForkdError("FORKD_E_OPTION", `${complain(showValue(unknown))}; ${wayOut}`);
}

/** The known name that at most a third of the letters would have to be changed for, if any. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const lowerCased = known.map((candidate) => candidate.toLowerCase());
  const maxDistance = Math.max(1, Math.floor(name.length / 3));
  const nearest = closestMatch(name.toLowerCase(), lowerCased, { maxDistance });
  return nearest === undefined ? undefined : known[lowerCased.indexOf(nearest)];
}
