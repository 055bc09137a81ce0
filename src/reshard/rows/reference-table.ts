import type { QueryRunner } from 'typeorm';
import { undo } from '../../cluster';
import { compareTable, type RowDifference } from './compare-rows';
import { type CopiedRow, keyText, type TableRows } from './copied-rows';
import { insertRows } from './insert-rows';
import { KeyCondition, type KeyRange } from './key-condition';
import type { CopiedTable } from './movable-table';
import { readRows } from './read-rows';
import { send } from './statement';
import { tableFor } from './write-rows';

/** A reference table on one member, with a connection to it that is in no transaction. */
export interface ReferenceSide {
  readonly runner: QueryRunner;
  readonly table: CopiedTable;
}

/** Settings of copies and comparisons of reference tables. */
export interface ReferenceOptions {
  /** How many rows are read at once. @defaultValue 500 */
  readonly batchRows?: number;
  /** Ends the work between two batches with its reason. */
  readonly signal?: AbortSignal;
}

/** What a copy of a reference table changed on the target. */
export interface ReferenceCopy {
  readonly written: number;
  readonly deleted: number;
}

const BATCH_ROWS = 500;

/**
 * Makes a reference table on the target equal to that on the source: rows that are missing or different are written, those that the
 * source has not are deleted, and the rest is not touched. So it may be repeated, also after a crash; each batch, in order of the primary
 * key, is a transaction on the target, while its rows on the source are locked against changes.
 *
 * Call it for the tables in the order of {@link referenceTables}; rows of one table are written in the order of their keys.
 *
 * @throws {ConfigurationError} when the tables have different columns; what the databases throw, without rows.
 */
export async function copyReferenceTable(
  source: ReferenceSide,
  target: ReferenceSide,
  options: ReferenceOptions = {},
): Promise<ReferenceCopy> {
  let [written, deleted] = [0, 0];
  await eachRange(source, options, (range, read) =>
    inTransaction(target.runner, async () => {
      const changed = await bringOver(target, read, await readRange(target, range));
      written += changed.written;
      deleted += changed.deleted;
    }),
  );
  return { written, deleted };
}

/** Compares a reference table as two members have it, in batches by primary key; see {@link compareRows}. Differences stay in memory. */
export async function compareReferenceTable(
  source: ReferenceSide,
  target: ReferenceSide,
  options: ReferenceOptions = {},
): Promise<readonly RowDifference[]> {
  const differences: RowDifference[] = [];
  await eachRange(source, options, async (range, read) => {
    tableFor([target.table], read);
    differences.push(...compareTable(read, await readRange(target, range)));
  });
  return differences;
}

/** Reads the source's table in ranges that leave nothing between them, each in a transaction that is open while it is worked on. */
async function eachRange(
  { runner, table }: ReferenceSide,
  { batchRows = BATCH_ROWS, signal }: ReferenceOptions,
  work: (range: KeyRange, read: TableRows) => Promise<unknown>,
): Promise<void> {
  let after: CopiedRow | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const upto = await inTransaction(runner, async () => {
      const read = await readRange({ runner, table }, { after, upto: undefined }, batchRows);
      const last = read.rows.length < batchRows ? undefined : read.rows.at(-1);
      await work({ after, upto: last }, read);
      return last;
    });
    if (upto === undefined) return;
    after = upto;
  }
}

function readRange({ runner, table }: ReferenceSide, range: KeyRange, limit?: number): Promise<TableRows> {
  const key = new KeyCondition(runner, table);
  const rest = ` WHERE ${key.range(range)} ORDER BY ${key.order}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
  return readRows(runner, table, { rest, parameters: key.parameters });
}

async function bringOver({ runner, table }: ReferenceSide, source: TableRows, target: TableRows): Promise<ReferenceCopy> {
  tableFor([table], source);
  const here = new Map(target.rows.map((row) => [keyText(target, row), row] as const));
  const changed = source.rows.filter((row) => {
    const own = here.get(keyText(source, row));
    here.delete(keyText(source, row));
    return !own || row.some((text, place) => text !== own[place]);
  });
  await deleteByKey(runner, table, [...here.values()]);
  await insertRows(runner, table, { rows: changed, onPresent: 'replace' });
  return { written: changed.length, deleted: here.size };
}

async function deleteByKey(runner: QueryRunner, table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH_ROWS) {
    const key = new KeyCondition(runner, table);
    const condition = key.anyOf(rows.slice(at, at + BATCH_ROWS));
    await send(runner, `DELETE FROM ${table.quotedPath} WHERE ${condition}`, key.parameters);
  }
}

async function inTransaction<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  await runner.startTransaction();
  try {
    const value = await work();
    await runner.commitTransaction();
    return value;
  } catch (error) {
    await undo(runner);
    throw error;
  }
}
