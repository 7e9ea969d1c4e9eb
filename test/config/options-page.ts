import {
  type FunctionOption,
  fallbackInWords,
  flagOf,
  functionOptions,
  type Option,
  optionNames,
  optionTable,
  variableOf,
} from "../../dist/config/option-table.js";
import type { OptionName } from "../../dist/config/settings.js";

/** The beginning that the section of each option must have in docs/options.md. */
export function expectedSections(): Map<string, string> {
  const plain = optionNames.map((name) => [name, plainSection(name)] as const);
  const functions = Object.entries(functionOptions).map(([name, option]) => [name, functionSection(option)] as const);
  return new Map([...functions, ...plain]);
}

/** An option's example as a module, as flags and as a variable say it; a switch's flag has no value. */
export function exampleOf(name: OptionName): { module: unknown; flags: (string | true)[]; variable: string } {
  const { example, kind }: Option<unknown> = optionTable[name];
  const texts = Array.isArray(example) ? example.map(String) : [String(example)];
  return { module: example, flags: kind.isSwitch ? [true] : texts, variable: texts.join(",") };
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
    `- Flag: \`${`${flagOf(name)} ${kind.placeholder}`.trim()}\`${kind.several ? ", as often as needed" : ""}`,
    `- Variable: \`${variableOf(name)}\`${kind.several ? ", with commas between several" : ""}`,
    `- Example: \`${inModule(name, list || JSON.stringify(example.module))}\`, ` +
      `\`${example.flags.map((text) => (text === true ? flagOf(name) : `${flagOf(name)} ${text}`)).join(" ")}\`, ` +
      `\`${variableOf(name)}=${example.variable}\``,
  ].join("\n");
}

function functionSection({ meaning, rule, required }: FunctionOption): string {
  return [meaning, "", `- Default: none${required ? "; it must be there" : ""}`, `- Takes: ${rule}`].join("\n");
}
