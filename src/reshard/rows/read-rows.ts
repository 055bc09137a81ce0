import type { QueryRunner } from 'typeorm';
import { ConfigurationError } from '../../errors';
import { fenceDialect } from '../../fence';
import { TOO_LONG } from './catalog-mysql';
import { type CopiedRow, type TableRows, tableRows } from './copied-rows';
import type { CopiedTable } from './movable-table';
import { select } from './statement';

/** Whether others may change what is read before the transaction ends; SQLite's writing transaction is the only one anyway. */
const SHARE = { mysql: ' LOCK IN SHARE MODE', postgres: ' FOR SHARE', sqlite: '' } as const;

/**
 * Reads whole rows of a table with share locks, in the open transaction of the runner.
 *
 * @param rest - what follows the table's name: the condition, an order, a limit. Parameters stand for texts of columns.
 */
export async function readRows(
  runner: QueryRunner,
  table: CopiedTable,
  {
    rest,
    parameters = [],
    isLocking = true,
  }: { readonly rest: string; readonly parameters?: readonly unknown[]; readonly isLocking?: boolean },
): Promise<TableRows> {
  const texts = table.columns.map(({ read }, index) => `${read} AS c${index}`);
  const lock = isLocking ? SHARE[fenceDialect(runner.dataSource)] : '';
  const found = await select(runner, `SELECT ${texts.join(', ')} FROM ${table.quotedPath}${rest}${lock}`, parameters);
  const names = texts.map((_, index) => `c${index}`);
  const rows = found.map((row) => names.map((name) => row[name] ?? null));
  if (fenceDialect(runner.dataSource) === 'mysql') refuseTooLong(table, rows);
  return tableRows(table, rows);
}

function refuseTooLong({ path }: CopiedTable, rows: readonly CopiedRow[]): void {
  if (!rows.some((row) => row.includes(TOO_LONG))) return;
  throw new ConfigurationError([
    `Table ${path} has a value too long for its server to write in hexadecimal. Raise max_allowed_packet above twice its length.`,
  ]);
}
