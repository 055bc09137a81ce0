import type { QueryRunner } from 'typeorm';
import { fenceDialect } from '../../fence';
import { type ChunkBeginning, chunkBeginning } from './chunk-beginning';
import type { MovableTable } from './movable-table';
import type { MovedStretch } from './moved-stretch';
import { send } from './statement';
import { anyMovedCondition } from './stretch-condition';
import { withoutForeignKeys } from './write-rows';

/** A part of a stretch that is deleted at once. */
export interface DepartureBatch extends MovedStretch, ChunkBeginning {}

/**
 * The topmost part of a stretch that is to be deleted next: whole positions of at most `limit` rows together, or one position that alone
 * has more. The caller deletes it with {@link deleteStretch} in a transaction of its own, and goes on below it until `from` is the
 * stretch's. Rows that stay are counted too, so that a look at the index is short; `rows` is 0 when there is nothing left.
 */
export async function departureBatch(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  stretch: MovedStretch & { readonly limit: number },
): Promise<DepartureBatch> {
  const { upto, rules, limit } = stretch;
  return { ...(await chunkBeginning([{ runner, tables }], stretch, limit)), upto, rules };
}

/**
 * Deletes the rows of a stretch whose positions satisfy its rules, children before parents, in the open transaction of the runner: arrivals
 * that a mover left, or departures. A position goes whole or, when the transaction is rolled back, stays whole.
 *
 * @param options - `batchRows`: about how many rows one statement deletes; a position that has more is deleted by one.
 * @returns how many rows were deleted.
 */
export async function deleteStretch(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  stretch: MovedStretch,
  options: { readonly batchRows: number },
): Promise<number> {
  if (stretch.rules.some(({ modulus }) => modulus === 0)) return 0;
  let deleted = 0;
  let { upto } = stretch;
  while (stretch.from < upto) {
    const batch = await departureBatch(runner, tables, { ...stretch, upto, limit: options.batchRows });
    if (batch.rows > 0) deleted += await deleteStretches(runner, tables, [batch]);
    upto = batch.from;
  }
  return deleted;
}

/**
 * Deletes the rows of several stretches as {@link deleteStretch} does those of one, all at once: for stretches that have few rows.
 *
 * @returns how many rows were deleted.
 */
export async function deleteStretches(
  runner: QueryRunner,
  tables: readonly MovableTable[],
  stretches: readonly MovedStretch[],
): Promise<number> {
  let deleted = 0;
  for (const table of [...tables].reverse()) deleted += await deleteRows(runner, table, stretches);
  return deleted;
}

async function deleteRows(runner: QueryRunner, table: MovableTable, stretches: readonly MovedStretch[]): Promise<number> {
  const condition = anyMovedCondition(table.position, stretches);
  if (condition === undefined) return 0;
  const isMysql = fenceDialect(runner.dataSource) === 'mysql';
  // Only in this form does MySQL take the name of the index. Without it, it might read, and wait for, rows beside the stretch.
  const head = isMysql ? `DELETE ${table.quotedPath} FROM ${table.quotedPath}${table.byPosition}` : `DELETE FROM ${table.quotedPath}`;
  const sql = `${head} WHERE ${condition}`;
  const deleteAll = async () => (await send(runner, sql)).changed;
  if (isMysql && table.selfReferences.length > 0) return withoutForeignKeys(runner, deleteAll);
  const isRestricted = table.selfReferences.some((reference) => reference.isRestricted);
  return (isRestricted ? await deleteLeaves(runner, table, sql) : 0) + (await deleteAll());
}

/** RESTRICT looks at each row by itself: so those that nobody refers to go first, again and again, until only circles are left. */
async function deleteLeaves(runner: QueryRunner, table: MovableTable, sql: string): Promise<number> {
  const free = table.selfReferences.map((reference) => unreferenced(runner, table, reference));
  let deleted = 0;
  for (;;) {
    const { changed } = await send(runner, `${sql} AND ${free.join(' AND ')}`);
    deleted += changed;
    if (changed === 0) return deleted;
  }
}

/** A row that refers to itself stands in nobody's way. */
function unreferenced(
  { dataSource }: QueryRunner,
  table: MovableTable,
  { columns, referenced }: MovableTable['selfReferences'][number],
): string {
  const quote = (name: string) => dataSource.driver.escape(name);
  const refers = columns.map((name, index) => `child.${quote(name)} = ${table.quotedPath}.${quote(referenced[index] ?? '')}`);
  const isSame = table.key.map(({ name }) => `child.${quote(name)} = ${table.quotedPath}.${quote(name)}`);
  return `NOT EXISTS (SELECT 1 FROM ${table.quotedPath} child WHERE ${refers.join(' AND ')} AND NOT (${isSame.join(' AND ')}))`;
}
