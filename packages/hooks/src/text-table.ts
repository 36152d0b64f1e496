// Text tables: rows of plain data in columns, for a terminal.

function cellOf(value: unknown): string {
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const numberText = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString("en") : value.toExponential(2);

/**
 * `rows` as text: a line a row under the names of their fields, numbers to the right. For what `hooksTable`, `checkHooks`
 * and `compareDevices` give.
 * @example
 * textTable([{ name: "hook_embed", bytes: 12288 }]); // "name         bytes\nhook_embed  12,288"
 */
export function textTable(rows: readonly object[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => {
    const fields = new Map<string, unknown>(Object.entries(row));
    return columns.map((column) => fields.get(column));
  });
  const texts = cells.map((row) => row.map(cellOf));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...texts.map((row) => (row[i] ?? "").length)),
  );
  const right = columns.map((_, i) => typeof cells[0]?.[i] === "number");
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => (right[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [columns, ...texts].map(line).join("\n");
}
