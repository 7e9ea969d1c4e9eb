import type { CommandWords, FlagWords, Words } from "./model.ts";

/** How zsh comes by the words of a kind: zshcompsys(1), _arguments. */
const ways: Readonly<Record<Exclude<Words["kind"], "choice">, string>> = {
  nothing: " ",
  file: "_files",
  folder: "_files -/",
  module: '_files -g "*.([cm]|)[jt]s"',
  daemon: "_forkd_daemons",
  connection: "_forkd_connections",
};

/** A completion script for zsh. */
export function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef forkd
# Completions of forkd's for zsh, in ~/.zshrc behind compinit: source <(forkd completion zsh)
_forkd() {
  local context state line
  typeset -A opt_args
  _arguments -C '(- *)--help[print the help]' '(- *)--version[print the version]' '1: :_forkd_commands' '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
${commands.map(armOf).join("\n")}
  esac
}

_forkd_commands() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n")}
  )
  _describe command commands
}

_forkd_daemons() { _forkd_first_column daemon list }

_forkd_connections() { _forkd_first_column connection connections }

_forkd_first_column() {
  local -a words=(\${(f)"$(forkd $2 2>/dev/null | awk 'NR > 1 { print $1 }')"})
  compadd -X $1 -a words
}

compdef _forkd forkd
`;
}

function armOf({ name, flags, operands }: CommandWords): string {
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...operands.map((words, place) => `${place + 1}:${words.placeholder}:${way(words)}`),
  ];
  return `    ${name})\n      _arguments ${specs.map(quoted).join(" \\\n        ")}\n      ;;`;
}

function flagSpecs({ names, meaning, isRepeatable, value }: FlagWords): string[] {
  const behind = value === undefined ? "" : `:${value.placeholder}:${way(value)}`;
  const told = meaning.replaceAll(/[\\[\]:]/g, "\\$&");
  return names.map((name) => `${isRepeatable ? "*" : ""}${name}[${told}]${behind}`);
}

const way = (words: Words): string => (words.kind === "choice" ? `(${words.choices.join(" ")})` : ways[words.kind]);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
