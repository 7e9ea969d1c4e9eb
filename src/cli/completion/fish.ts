import { type CommandWords, type FlagWords, valuedFlags, type Words } from "./model.ts";

/** How fish comes by the words of a kind: complete(1). */
const ways: Readonly<Record<Exclude<Words["kind"], "choice">, readonly string[]>> = {
  nothing: ["-x"],
  file: ["-r", "-F"],
  folder: ["-x", "-a", "'(__fish_complete_directories)'"],
  module: ["-F"],
  daemon: ["-a", "'(__forkd_first_column list)'"],
  connection: ["-a", "'(__forkd_first_column connections)'"],
};

/** A completion script for fish. */
export function fishScript(commands: readonly CommandWords[]): string {
  return `# Completions of forkd's for fish, in ~/.config/fish/config.fish: forkd completion fish | source
function __forkd_first_column
    forkd $argv[1] 2>/dev/null | awk 'NR > 1 { print $1 }'
end

# Whether what is typed is the operand of a command's at this place. Values of flags do not count.
function __forkd_is_operand
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; or return
    set -l place 0
    set -l is_value false
    for word in $words[3..]
        if $is_value
            set is_value false
        else if contains -- $word ${valuedFlags(commands)
          .flatMap(({ names }) => names)
          .join(" ")}
            set is_value true
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
        end
    end
    test $place = $argv[2]
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
    ...operands.flatMap((words, place) =>
      words.kind === "nothing" ? [] : [["-n", quoted(`__forkd_is_operand ${name} ${place}`), ...way(words)]],
    ),
  ].map((words) => ["complete", "-c", "forkd", ...words].join(" "));
}

function flagArguments({ names, meaning, value }: FlagWords): string[] {
  const written = names.flatMap((name) => (name.startsWith("--") ? ["-l", name.slice(2)] : ["-s", name.slice(1)]));
  return [...written, ...(value === undefined ? [] : way(value)), "-d", quoted(meaning)];
}

const way = (words: Words): readonly string[] =>
  words.kind === "choice" ? ["-x", "-a", quoted(words.choices.join(" "))] : ways[words.kind];

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
