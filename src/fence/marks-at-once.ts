import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { type BoundedRun, boundedTransaction, STEP_WAIT_MS } from './bounded-transaction';
import { fenceDialect } from './fence-dialect';
import { tryGates } from './gate';
import type { Mark } from './mark';
import type { MarkOutcome } from './mark-outcome';
import { markShape, updateOf } from './mark-statement';
import { type OwnershipKey, type OwnershipRow, positionText } from './ownership-row';
import { keysCondition, keysParameters, rowsByKey, selectRows, toRow } from './ownership-sql';
import { canSkipLocked } from './server-flavour';

/** How many rows one transaction marks. */
const AT_ONCE = 128;

/** How long its statements may take on a server, in milliseconds. They wait for nobody, but it may be slow. */
const PATIENCE_MS = 1_000;

/**
 * Makes marks of rows that nobody holds, many in each transaction, which waits for nobody while it holds some: it takes the rows that it
 * can have at once (`SKIP LOCKED`; on PostgreSQL their gates before, by trying), and marks these only. Whoever wants one of them
 * meanwhile waits as for a single mark, and a writer in flight on a row keeps that row out. On SQLite, where one writes at a time, it has
 * all rows. Where a server cannot skip what is locked (before MySQL 8.0 and MariaDB 10.6) it makes none.
 *
 * @returns the outcomes in the order of the marks; undefined: not made, since others hold the row, or it is not there.
 */
export async function markFree(
  source: ShardDataSource,
  runner: QueryRunner,
  marks: readonly Mark[],
): Promise<readonly (MarkOutcome | undefined)[]> {
  const outcomes = new Map<Mark, MarkOutcome>();
  const dialect = fenceDialect(source);
  if (dialect === 'mysql' && !(await canSkipLocked(source, runner))) return marks.map(() => undefined);
  const waitMs = dialect === 'sqlite' ? STEP_WAIT_MS : PATIENCE_MS;
  for (const batch of batchesOf(marks)) {
    const done = await boundedTransaction(source, runner, (run) => markBatch(source, run, batch), waitMs);
    if (done.isBlocked) continue;
    for (const [mark, row] of done.value) outcomes.set(mark, mark.holds(row) ? { kind: 'done', row } : { kind: 'refused', row });
  }
  return marks.map((mark) => outcomes.get(mark));
}

function batchesOf(marks: readonly Mark[]): readonly (readonly Mark[])[] {
  const alike = new Map<string, Mark[]>();
  for (const mark of marks) {
    const shape = markShape(mark);
    const same = alike.get(shape);
    if (same) same.push(mark);
    else alike.set(shape, [mark]);
  }
  return [...alike.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / AT_ONCE) }, (_, index) => same.slice(index * AT_ONCE, (index + 1) * AT_ONCE)),
  );
}

/** @returns the marks whose rows could be had, with these as they are then. */
async function markBatch(source: ShardDataSource, run: BoundedRun, batch: readonly Mark[]): Promise<ReadonlyMap<Mark, OwnershipRow>> {
  const held = await takeRows(source, run, await tryGates(run, source, keysOf(batch)));
  const mine = batch.filter(({ key }) => held.has(positionText(key.since)));
  if (mine.length === 0) return new Map();
  const { sql, parameters } = updateOf(source, mine);
  await run(sql, parameters);
  const rows = await readRows(source, run, keysOf(mine), '');
  return new Map(
    mine.flatMap((mark) => {
      const row = rows.get(positionText(mark.key.since));
      return row ? [[mark, row] as const] : [];
    }),
  );
}

/** Locks rows for writing, those that nobody holds. */
function takeRows(source: ShardDataSource, run: BoundedRun, keys: readonly OwnershipKey[]): Promise<ReadonlyMap<string, OwnershipRow>> {
  return readRows(source, run, keys, fenceDialect(source) === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED');
}

async function readRows(
  source: ShardDataSource,
  run: BoundedRun,
  keys: readonly OwnershipKey[],
  lock: string,
): Promise<ReadonlyMap<string, OwnershipRow>> {
  if (keys.length === 0) return new Map();
  const found = await run(
    `${selectRows(source, `WHERE ${keysCondition(source, keys, 0)}`, rowsByKey(source))}${lock}`,
    keysParameters(keys),
  );
  return new Map(found.map(toRow).map((row) => [positionText(row.since), row]));
}

function keysOf(marks: readonly Mark[]): readonly OwnershipKey[] {
  return marks.map(({ key }) => key);
}
