import { ForkdError } from "../errors.ts";
import { nearestName } from "./nearest-name.ts";
import { functionOptions, optionNames, variableOf } from "./option-table.ts";
import { showValue } from "./refusal.ts";
import type { Sources } from "./settings.ts";

/** Refuses options, flags and variables that forkd does not know, with the nearest name that it does. */
export function refuseUnknownNames({ flags, variables, module }: Sources): void {
  const ours = Object.keys(variables).filter((name) => name.startsWith("FORKD_") && variables[name] !== undefined);
  refuse(Object.keys(flags), optionNames, (name) => `Unknown flag ${name}`);
  refuse(ours, knownVariables, (name) => `Unknown variable ${name}`);
  refuse(Object.keys(module), moduleNames, (name) => `Unknown option ${name} in the module`);
}

const knownVariables = [...optionNames.map(variableOf), "FORKD_RUNTIME_DIR"];
const moduleNames = [...optionNames, ...Object.keys(functionOptions)];

function refuse(names: readonly string[], known: readonly string[], complain: (name: string) => string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ForkdError("FORKD_E_OPTION", `${complain(showValue(unknown))}; ${wayOut(unknown, known)}`);
}

function wayOut(unknown: string, known: readonly string[]): string {
  if (unknown === "FORKD_READY_FD") return "--ready-fd is a flag only.";
  if (/^FORKD_(SERVICE|PORT)(_|$)/.test(unknown)) {
    return "Kubernetes sets it for a service called forkd: name that otherwise, or set enableServiceLinks: false.";
  }
  const nearest = nearestName(unknown, known);
  return nearest === undefined ? `known are ${known.join(", ")}.` : `did you mean ${JSON.stringify(nearest)}?`;
}
