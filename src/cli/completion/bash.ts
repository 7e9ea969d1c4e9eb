import { type CommandWords, valuedFlags, type Words } from "./model.ts";

/** How bash comes by the words of a kind. */
const ways: Readonly<Record<Exclude<Words["kind"], "nothing" | "choice">, string>> = {
  file: "_forkd_files -f",
  folder: "_forkd_files -d",
  module: "_forkd_files -d -- -f -X '!*.[jt]s' -- -f -X '!*.[cm][jt]s'",
  daemon: "_forkd_daemons",
  connection: "_forkd_connections",
};

/** A completion script for bash. */
export function bashScript(commands: readonly CommandWords[]): string {
  const valued = valuedFlags(commands);
  const values = arms(valued.flatMap(({ names, value }) => names.map((name) => [name, way(value)])));
  const flags = arms(commands.map((command) => [command.name, wordsOf(command.flags.flatMap(({ names }) => names))]));
  const operands = arms(
    commands.flatMap(({ name, operands: all }) => all.map((words, place) => [`"${name} ${place}"`, way(words)])),
  );
  return `# Completions of forkd's for bash, in ~/.bashrc: source <(forkd completion bash)
_forkd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} operands=0 at
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    ${wordsOf([...commands.map(({ name }) => name), "--help", "--version"])}
    return
  fi
  if [[ $word == "=" ]]; then
    word=""
  elif [[ $before == "=" ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if [[ $before == -* ]] && _forkd_value; then return; fi
  if [[ $word == -* ]]; then
    case $command in
${flags}
    esac
    return
  fi
  for ((at = 2; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${valued.flatMap(({ names }) => names).join(" | ")}) ((at++)) ;;
      -*) ;;
      *) ((operands++)) ;;
    esac
  done
  case "$command $operands" in
${operands}
  esac
}

# What may stand behind a flag, if anything must.
_forkd_value() {
  case $before in
${values}
    *) return 1 ;;
  esac
}

_forkd_daemons() { _forkd_words "$(_forkd_first_column list)"; }

_forkd_connections() { _forkd_words "$(_forkd_first_column connections)"; }

_forkd_first_column() { "\${COMP_WORDS[0]}" "$1" 2>/dev/null | awk 'NR > 1 { print $1 }'; }

_forkd_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }

# Files that are of any of several kinds, each told by options of compgen.
_forkd_files() {
  local options=()
  compopt -o filenames 2>/dev/null
  COMPREPLY=()
  for at in "$@" --; do
    if [[ $at != -- ]]; then
      options+=("$at")
      continue
    fi
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "\${options[@]}" -- "$word")
    options=()
  done
}

complete -F _forkd forkd
`;
}

/** What is done the same way in one arm. */
function arms(cases: readonly (readonly [pattern: string, what: string])[]): string {
  const patterns = new Map<string, string[]>();
  for (const [pattern, what] of cases) patterns.set(what, [...(patterns.get(what) ?? []), pattern]);
  return [...patterns].map(([what, all]) => `    ${all.join(" | ")}) ${what} ;;`).join("\n");
}

const wordsOf = (words: readonly string[]): string => `_forkd_words "${words.join(" ")}"`;

function way(words: Words | undefined): string {
  if (words === undefined || words.kind === "nothing") return ":";
  return words.kind === "choice" ? wordsOf(words.choices) : ways[words.kind];
}
