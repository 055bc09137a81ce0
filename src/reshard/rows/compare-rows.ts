import { type CopiedRow, type CopiedRows, keyText, type TableRows } from './copied-rows';
import { differingColumns } from './write-rows';

/** A row that is not the same on source and target. */
export interface RowDifference {
  /** Name of the table. */
  readonly table: string;
  /** How it differs from the other copy. */
  readonly kind: 'missing' | 'surplus' | 'different';
  /** Of a row that is different: which columns are. */
  readonly columns?: readonly string[];
  /** Of the row, in the order of the primary key, as texts. For those who ask for it; never to be logged or put into a message. */
  readonly primaryKey: readonly string[];
}

/**
 * Compares rows as two members have them, value by value, exactly. `missing` are rows that the target lacks, `surplus` those that it has
 * and the source has not. The order of rows does not matter.
 *
 * @throws TypeError when the same table has different columns: such rows cannot be compared.
 */
export function compareRows(source: CopiedRows, target: CopiedRows): readonly RowDifference[] {
  const names = new Set([...source.tables, ...target.tables].map(({ table }) => table));
  return [...names].flatMap((name) => {
    const [left, right] = [source, target].map(({ tables }) => tables.find(({ table }) => table === name));
    const some = left ?? right;
    if (!some) return [];
    return compareTable(left ?? { ...some, rows: [] }, right ?? { ...some, rows: [] });
  });
}

/** As {@link compareRows}, of one table. */
export function compareTable(source: TableRows, target: TableRows): readonly RowDifference[] {
  const differing = differingColumns(source, target);
  if (differing.length > 0) throw new TypeError(`Table ${source.table} has different columns on the two shards: ${differing.join(', ')}.`);
  const found = new Map(target.rows.map((row) => [keyText(target, row), row] as const));
  const differences: RowDifference[] = [];
  for (const row of source.rows) {
    const key = keyText(source, row);
    const other = found.get(key);
    found.delete(key);
    if (!other) differences.push(differenceOf(source, row, 'missing'));
    else if (!isSame(row, other))
      differences.push({ ...differenceOf(source, row, 'different'), columns: columnsThatDiffer(source, row, other) });
  }
  for (const row of found.values()) differences.push(differenceOf(target, row, 'surplus'));
  return differences;
}

function isSame(a: CopiedRow, b: CopiedRow): boolean {
  return a.every((text, place) => text === b[place]);
}

function columnsThatDiffer({ columns }: TableRows, a: CopiedRow, b: CopiedRow): readonly string[] {
  return columns.filter((_, place) => a[place] !== b[place]).map(({ name }) => name);
}

function differenceOf({ table, columns, key }: TableRows, row: CopiedRow, kind: RowDifference['kind']): RowDifference {
  return { table, kind, primaryKey: key.map((place) => columns[place]?.show(String(row[place])) ?? '') };
}
