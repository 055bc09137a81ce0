import type { QueryRunner } from 'typeorm';
import { ConfigurationError } from '../../errors';
import { fenceDialect } from '../../fence';
import type { CopiedRows, TableRows } from './copied-rows';
import { insertRows } from './insert-rows';
import type { CopiedTable } from './movable-table';
import { rowsInOrder } from './row-order';
import { send } from './statement';

/**
 * Writes rows that were read of another member, in the open transaction of the runner, parents before children, about 500 rows in a
 * statement. Rows get every value that they had, also where the database would give one by itself.
 *
 * @param tables - of the runner's own member, as {@link movableTables} answers them.
 * @throws {ConfigurationError} when a table has other columns here; what the database throws, without the rows.
 */
export async function writeRows(runner: QueryRunner, tables: readonly CopiedTable[], rows: CopiedRows): Promise<void> {
  const pairs = rows.tables.map((read) => [tableFor(tables, read), read] as const);
  const isSqlite = fenceDialect(runner.dataSource) === 'sqlite';
  // Until the commit, rows may refer to others that come later.
  if (isSqlite && rows.count > 0) await send(runner, 'PRAGMA defer_foreign_keys = ON');
  for (const [table, { rows }] of pairs) await writeTable(runner, table, rows);
}

/** Finds where rows of a table go. @throws {ConfigurationError} when that table is missing or has other columns. */
export function tableFor(tables: readonly CopiedTable[], read: TableRows): CopiedTable {
  const table = tables.find((each) => each.table === read.table);
  if (!table) throw new ConfigurationError([`Table ${read.table} is on one shard and not on the other. Bring both to the same schema.`]);
  const differing = differingColumns(read, table);
  if (differing.length === 0) return table;
  throw new ConfigurationError([
    `Table ${table.path} has other columns than the one that rows are read from (${differing.join(', ')}). Bring both to the same schema.`,
  ]);
}

/** The columns that only one of two tables has, or that have values of different kinds. */
export function differingColumns(a: Pick<TableRows, 'columns'>, b: Pick<TableRows, 'columns'>): readonly string[] {
  const kinds = (columns: TableRows['columns']) => new Map(columns.map((each) => [each.name, `${each.encoding} ${each.isGenerated}`]));
  const [left, right] = [kinds(a.columns), kinds(b.columns)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
}

async function writeTable(runner: QueryRunner, table: CopiedTable, rows: TableRows['rows']): Promise<void> {
  const fill = (rows: TableRows['rows'], isWhole = false) => insertRows(runner, table, { rows, isWhole, onPresent: 'fail' });
  if (table.selfReferences.length === 0) return fill(rows);
  // Looks at references when a statement ends.
  if (fenceDialect(runner.dataSource) === 'postgres') return fill(rows, true);
  const { ordered, circular } = rowsInOrder(table, rows);
  await fill(ordered);
  if (circular.length > 0) await withoutForeignKeys(runner, () => fill(circular));
}

/**
 * Lets MySQL do what it can check in no order: write or delete rows that refer to each other. On SQLite their check is put off anyway.
 * A session that could not be set back is left in a transaction that fails.
 */
export async function withoutForeignKeys<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  if (fenceDialect(runner.dataSource) !== 'mysql') return work();
  await send(runner, 'SET foreign_key_checks = 0');
  try {
    return await work();
  } finally {
    await send(runner, 'SET foreign_key_checks = 1');
  }
}
