import {
  type FunctionOption,
  fallbackInWords,
  flagOf,
  functionOptions,
  type Option,
  optionNames,
  optionTable,
  oppositeFlagOf,
  variableOf,
} from "../../dist/config/option-table.js";
import type { OptionName } from "../../dist/config/settings.js";

/** The beginning that the section of each option must have in docs/options.md. */
export function expectedSections(): Map<string, string> {
  const plain = optionNames.map((name) => [name, plainSection(name)] as const);
  const functions = Object.entries(functionOptions).map(([name, option]) => [name, functionSection(option)] as const);
  return new Map([...functions, ...plain]);
}

/** An option's example as a module, as flags and as a variable say it; a switch's flag is there, or its opposite. */
export function exampleOf(name: OptionName): { module: unknown; flags: (string | boolean)[]; variable: string } {
  const { example, kind }: Option<unknown> = optionTable[name];
  const texts = Array.isArray(example) ? example.map(String) : [String(example)];
  return { module: example, flags: kind.isSwitch ? [example === true] : texts, variable: texts.join(",") };
}

/** The example as arguments of the command. */
export function argumentsOf(name: OptionName): string[] {
  return exampleOf(name).flags.flatMap((text) => {
    if (typeof text === "boolean") return [text ? flagOf(name) : oppositeFlagOf(name)];
    return [flagOf(name), text];
  });
}

/** `{ limits: { memory: … } }` for `limits.memory`, without the braces outside. */
function inModule(name: OptionName, value: string): string {
  const [first = "", second] = name.split(".");
  return second === undefined ? `${first}: ${value}` : `${first}: { ${second}: ${value} }`;
}

function plainSection(name: OptionName): string {
  const option: Option<unknown> = optionTable[name];
  const { kind, meaning } = option;
  const example = exampleOf(name);
  const list = Array.isArray(example.module) ? `[${example.flags.map((text) => JSON.stringify(text)).join(", ")}]` : "";
  return [
    meaning,
    "",
    `- Default: ${fallbackInWords(option)}`,
    `- Takes: ${kind.rule}`,
    `- Flag: \`${`${flagOf(name)} ${kind.placeholder}`.trim()}\`${moreOfFlag(name, kind)}`,
    `- Variable: \`${variableOf(name)}\`${kind.several ? ", with commas between several" : ""}`,
    `- Example: \`${inModule(name, list || JSON.stringify(example.module))}\`, ` +
      `\`${argumentsOf(name).join(" ")}\`, ` +
      `\`${variableOf(name)}=${example.variable}\``,
  ].join("\n");
}

function moreOfFlag(name: OptionName, { several, isSwitch }: Option<unknown>["kind"]): string {
  if (several) return ", as often as needed";
  return isSwitch ? `, \`${oppositeFlagOf(name)}\`` : "";
}

function functionSection({ meaning, rule, required }: FunctionOption): string {
  return [meaning, "", `- Default: none${required ? "; it must be there" : ""}`, `- Takes: ${rule}`].join("\n");
}
