import type { QueryRunner } from 'typeorm';
import { type FenceDialect, fenceDialect } from '../../fence';
import type { CopiedColumn } from './copied-column';
import type { CopiedRow } from './copied-rows';
import type { CopiedTable } from './movable-table';
import { send } from './statement';

/** Rows to insert, in the order in which they may be; texts in the order of the table's columns. */
export interface RowsToInsert {
  readonly rows: readonly CopiedRow[];
  /** What becomes of rows whose primary key is there: an error, or they become equal to these. */
  readonly onPresent: 'fail' | 'replace';
  /** Whether all must be in one statement, since they refer to each other; the size of the statement is then as it comes. */
  readonly isWhole?: boolean;
}

/** How many rows one statement inserts. */
const BATCH_ROWS = 500;

/**
 * How long a statement may become, in characters; a longer row has a statement of its own. MySQL: below the smallest packet that servers
 * take. SQLite: TypeORM keeps statements for better-sqlite3 whole in a cache.
 */
const BATCH_LENGTH: Readonly<Record<FenceDialect, number>> = { mysql: 1_000_000, postgres: 4_000_000, sqlite: 64_000 };

/** Inserts rows with every column that the database does not compute, values that it would give by itself included. */
export async function insertRows(runner: QueryRunner, table: CopiedTable, rows: RowsToInsert): Promise<void> {
  const dialect = fenceDialect(runner.dataSource);
  const write = dialect === 'postgres' ? insertArrays : insertLiterals;
  const batches = rows.isWhole ? [rows.rows] : inBatches(rows.rows, BATCH_LENGTH[dialect]);
  for (const batch of batches) if (batch.length > 0) await write(runner, table, { ...rows, rows: batch });
}

function inBatches(rows: readonly CopiedRow[], longest: number): readonly (readonly CopiedRow[])[] {
  const batches: CopiedRow[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const own = row.reduce((sum, text) => sum + (text?.length ?? 0) + PER_VALUE, 0);
    if (length + own > longest || (batches.at(-1)?.length ?? 0) >= BATCH_ROWS) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(row);
    length += own;
  }
  return batches;
}

/** What stands around a value in a statement. */
const PER_VALUE = 16;

async function insertLiterals(runner: QueryRunner, table: CopiedTable, { rows, onPresent }: RowsToInsert): Promise<void> {
  const written = writtenColumns(table);
  const tuples = rows.map((row) => `(${written.map(({ column, place }) => literalOf(column, row[place])).join(', ')})`);
  const head = `INSERT INTO ${table.quotedPath} (${namesOf(runner, written)})`;
  await send(runner, `${head} VALUES ${tuples.join(', ')}${onPresentClause(runner, table, { onPresent, written })}`);
}

function literalOf(column: CopiedColumn, text: string | null | undefined): string {
  return text === null || text === undefined ? 'NULL' : column.write(text);
}

/** One array for each column, so that the statement is the same for any number of rows, and its parameters few. */
async function insertArrays(runner: QueryRunner, table: CopiedTable, { rows, onPresent }: RowsToInsert): Promise<void> {
  const written = writtenColumns(table);
  const arrays = written.map((_, index) => `$${index + 1}::text[]`);
  const values = written.map(({ column }, index) => column.write(`u.c${index}`));
  const names = written.map((_, index) => `c${index}`);
  const select = `SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`;
  const head = `INSERT INTO ${table.quotedPath} (${namesOf(runner, written)}) OVERRIDING SYSTEM VALUE`;
  const parameters = written.map(({ place }) => rows.map((row) => row[place] ?? null));
  await send(runner, `${head} ${select}${onPresentClause(runner, table, { onPresent, written })}`, parameters);
}

interface WrittenColumn {
  readonly column: CopiedColumn;
  readonly place: number;
}

function writtenColumns({ columns }: CopiedTable): readonly WrittenColumn[] {
  return columns.map((column, place) => ({ column, place })).filter(({ column }) => !column.isGenerated);
}

function namesOf({ dataSource }: QueryRunner, columns: readonly WrittenColumn[]): string {
  return columns.map(({ column }) => dataSource.driver.escape(column.name)).join(', ');
}

function onPresentClause(
  { dataSource }: QueryRunner,
  { key }: CopiedTable,
  { onPresent, written }: Pick<RowsToInsert, 'onPresent'> & { readonly written: readonly WrittenColumn[] },
): string {
  if (onPresent === 'fail') return '';
  const quote = (column: CopiedColumn) => dataSource.driver.escape(column.name);
  // The key too where it is all there is, since MySQL wants something to set.
  const changed = written.map(({ column }) => column).filter((column) => written.length === key.length || !key.includes(column));
  if (fenceDialect(dataSource) === 'mysql') {
    return ` ON DUPLICATE KEY UPDATE ${changed.map((column) => `${quote(column)} = VALUES(${quote(column)})`).join(', ')}`;
  }
  const sets = changed.map((column) => `${quote(column)} = excluded.${quote(column)}`);
  return ` ON CONFLICT (${key.map(quote).join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
}
