/** Figures and tables, as people read them. */

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** `3d 4h`, `12s`, `340ms`: the two largest units that say something. */
export function duration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.round(ms);
  for (const [length, unit] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? `${rest}ms` : parts.join(" ");
}

const prefixes = ["", "Ki", "Mi", "Gi", "Ti"];

/** `1.5 MiB` */
export function size(bytes: number): string {
  let [value, power] = [bytes, 0];
  for (; Math.round(value) >= 1024 && power < prefixes.length - 1; power++) value /= 1024;
  return `${value < 9.95 && power > 0 ? value.toFixed(1) : Math.round(value)} ${prefixes[power]}B`;
}

/** Columns as wide as what is in them, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `1 connection`, `2 connections` */
export const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`;
