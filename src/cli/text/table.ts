/** One column of a {@link table}. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | undefined;
}

/**
 * Writes rows under titles, each column as wide as its widest cell, numbers to the right; no line ends in blanks. A column in which
 * no row has anything is left out.
 */
export function table<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[]): string {
  const all = columns.map(({ title, cell }) => layOut(title, rows.map(cell)));
  const laidOut = all.filter((cells) => cells !== undefined);
  return [line(laidOut, 0), ...rows.map((_, index) => line(laidOut, index + 1))].join('\n');
}

/** Writes facts one below the other, the values in one column; those without a value are left out. */
export function facts(entries: readonly (readonly [name: string, value: string | undefined])[]): string {
  const known = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Numbers, shares and sizes, which stand to the right. */
const NUMERIC = /^(-|[\d.,]+( (%|[kMGT]?B))?)$/;

function layOut(heading: string, cells: readonly (string | number | undefined)[]): readonly string[] | undefined {
  if (cells.every((cell) => cell === undefined || cell === '')) return undefined;
  const texts = [heading.toUpperCase(), ...cells.map((cell) => String(cell ?? '-'))];
  const width = Math.max(...texts.map((text) => text.length));
  const isNumeric = cells.every((cell) => cell === undefined || typeof cell === 'number' || NUMERIC.test(cell));
  return texts.map((text) => (isNumeric ? text.padStart(width) : text.padEnd(width)));
}

function line(columns: readonly (readonly string[])[], index: number): string {
  return columns
    .map((cells) => cells[index])
    .join('  ')
    .trimEnd();
}
