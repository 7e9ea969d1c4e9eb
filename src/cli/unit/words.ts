/** A line of a unit file: a name and its value; a name with nothing is told what it is about. */
export type Line = readonly [name: string, value: string];

/** Sections of a unit file, as systemd.syntax(7) has them. */
export function unitFile(path: string, sections: Readonly<Record<string, readonly Line[]>>): string {
  const texts = Object.entries(sections).map(([title, lines]) =>
    [`[${title}]`, ...lines.map(([name, value]) => `${name}=${value}`)].join("\n"),
  );
  return `# ${path}\n${texts.join("\n\n")}\n`;
}

/** Of a value that is taken as it stands, but for what `%` begins. */
export const literal = (text: string): string => text.replaceAll("%", "%%");

/** A word of a list of words: in quotes if need be, with escapes as in C. */
export function word(text: string): string {
  const escaped = literal(text);
  if (/^[\w@%+=:,./-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll(/["\\]|[^ -~\u0080-\uffff]/g, escape)}"`;
}

/** A word of a command line, in which `$` begins a variable; not in the program's path. */
export const argument = (text: string): string => word(text).replaceAll("$", "$$$$");

function escape(letter: string): string {
  if (letter === '"' || letter === "\\") return `\\${letter}`;
  return `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
