import type { CommandWords, FlagWords, Words } from "./model.ts";

/** How fish comes by the words of a kind: complete(1). */
const ways: Readonly<Record<Exclude<Words["kind"], "choice">, readonly string[]>> = {
  nothing: ["-x"],
  file: ["-r", "-F"],
  folder: ["-x", "-a", "'(__fish_complete_directories)'"],
  module: ["-F"],
  daemon: ["-a", "'(__forkd_daemons)'"],
};

/** A completion script for fish. */
export function fishScript(commands: readonly CommandWords[]): string {
  return `# Completions of forkd's for fish, in ~/.config/fish/config.fish: forkd completion fish | source
function __forkd_daemons
    forkd list 2>/dev/null | awk 'NR > 1 { print $1 }'
end

complete -c forkd -f
${commands.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ name, summary, flags, operands }: CommandWords): string[] {
  const own = ["-n", quoted(`__fish_seen_subcommand_from ${name}`)];
  return [
    ["-n", "__fish_use_subcommand", "-a", name, "-d", quoted(summary)],
    ...flags.map((flag) => [...own, ...flagArguments(flag)]),
    ...operands.filter(({ kind }) => kind !== "nothing").map((words) => [...own, ...way(words)]),
  ].map((words) => ["complete", "-c", "forkd", ...words].join(" "));
}

function flagArguments({ names, meaning, value }: FlagWords): string[] {
  const written = names.flatMap((name) => (name.startsWith("--") ? ["-l", name.slice(2)] : ["-s", name.slice(1)]));
  return [...written, ...(value === undefined ? [] : way(value)), "-d", quoted(meaning)];
}

const way = (words: Words): readonly string[] =>
  words.kind === "choice" ? ["-x", "-a", quoted(words.choices.join(" "))] : ways[words.kind];

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
