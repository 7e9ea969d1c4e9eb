import { resolve } from "node:path";
import { runtimeBase } from "../admin/runtime-folder.ts";
import { flagOf, oppositeFlagOf, variableOf } from "../config/option-table.ts";
import type { OptionName, Sources } from "../config/settings.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What `run` is to be told for `start`: the same, with paths that mean the same in another folder. */
export function argumentsAgain(modulePath: string, runtimeDir: string | undefined, flags: Sources["flags"]): string[] {
  const base = runtimeBase(runtimeDir, process.env);
  return [resolve(modulePath), "--runtime-dir", base, ...flagsAgain(absoluteFlags(flags))];
}

/** The same of variables. */
export function variablesAgain(variables: Variables): Variables {
  const [logFile, listen] = [variableOf("logFile"), variableOf("listen")];
  const addresses = variables[listen]?.split(",").map((address) => absolute("listen", address.trim()));
  return {
    ...variables,
    ...(variables[logFile] !== undefined && { [logFile]: absolute("logFile", variables[logFile]) }),
    ...(addresses !== undefined && { [listen]: addresses.join(",") }),
  };
}

/** Flags as they would be written on a command line. */
export function flagsAgain(flags: Sources["flags"]): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = flagOf(name as OptionName);
    if (typeof value === "boolean") return [value ? flag : oppositeFlagOf(name as OptionName)];
    return [value].flat().flatMap((text) => [flag, text]);
  });
}

/** Flags with paths that mean the same in another folder. */
export function absoluteFlags(flags: Sources["flags"]): Sources["flags"] {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => {
      if (typeof value === "boolean") return [name, value];
      return [name, typeof value === "string" ? absolute(name, value) : value.map((text) => absolute(name, text))];
    }),
  );
}

function absolute(option: string, given: string): string {
  if (option === "logFile" && given !== "off" && given !== "") return resolve(given);
  const path = /^unix:(.+)/.exec(given)?.[1];
  return option === "listen" && path !== undefined ? `unix:${resolve(path)}` : given;
}
