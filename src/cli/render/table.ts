/** Blanks between columns, as istioctl prints them. */
const GAP = 5

/** A header and rows of text in aligned columns, one line each, without blanks at line ends. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + GAP))
      .join('')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}
