/** Lines text up in columns: the first to the left, all others to the right. */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => formatRow(row, widths)).join("\n");
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) => {
    const text = row[column] ?? "";
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  });
  return cells.join("  ").trimEnd();
}
