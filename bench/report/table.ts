type Rows = readonly (readonly string[])[];

/** Lines text up in columns: the first to the left, all others to the right. */
export function formatTable(heads: readonly string[], rows: Rows): string {
  return lineUp([heads, ...rows])
    .map((row) => row.join("  ").trimEnd())
    .join("\n");
}

/** The same as a table in Markdown, as Biome formats it. */
export function formatMarkdownTable(heads: readonly string[], rows: Rows): string {
  const [head = [], ...rest] = lineUp([heads, ...rows], 3);
  const rule = head.map((cell, column) => (column === 0 ? "-".repeat(cell.length) : `${"-".repeat(cell.length - 1)}:`));
  return [head, rule, ...rest].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function lineUp(rows: Rows, leastWidth = 0): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(leastWidth, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    widths.map((width, column) => {
      const text = row[column] ?? "";
      return column === 0 ? text.padEnd(width) : text.padStart(width);
    }),
  );
}
