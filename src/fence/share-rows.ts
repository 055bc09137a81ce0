import type { QueryRunner } from 'typeorm';
import { firstEndingAbove, type Position } from '../routing';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { gateClass, gateNumber } from './gate';
import { type OwnershipKey, type OwnershipRow, positionText } from './ownership-row';
import { parameter, positionParameter, selectRows, toRow } from './ownership-sql';
import { shareClause, shareCovering } from './share-row';

/** How many rows one statement locks. */
const BATCH_ROWS = 200;

/**
 * Reads the rows that cover positions as `shareRow` does, each row once, in few statements.
 *
 * @returns the covering row of each position, in their order; undefined where there is none.
 */
export async function shareCoveringAll(
  runner: QueryRunner,
  owner: Pick<OwnershipKey, 'shard' | 'group'>,
  positions: readonly Position[],
): Promise<readonly (OwnershipRow | undefined)[]> {
  const [first] = positions;
  if (first === undefined) return [];
  if (positions.length === 1) return [await shareCovering(runner, owner, first)];
  const candidates = await rowsAcross(runner, owner, positions);
  const wanted = new Set(positions.map((position) => coveringOf(candidates, position)?.since));
  wanted.delete(undefined);
  // Locked by their keys: what is cut between the two statements does not cover all that it did.
  const locked: OwnershipRow[] = [];
  const keys = [...wanted] as Position[];
  for (let at = 0; at < keys.length; at += BATCH_ROWS) locked.push(...(await shareKeys(runner, owner, keys.slice(at, at + BATCH_ROWS))));
  return positions.map((position) => coveringOf(locked, position));
}

/** The rows between the lowest and the highest position, without a lock. */
async function rowsAcross(
  runner: QueryRunner,
  { shard, group }: Pick<OwnershipKey, 'shard' | 'group'>,
  positions: readonly Position[],
): Promise<readonly OwnershipRow[]> {
  const { dataSource } = runner;
  const inOrder = [...positions].sort((a, b) => (a < b ? -1 : 1));
  const owned = `shard = ${parameter(dataSource, 0)} AND ${dataSource.driver.escape('group')} = ${parameter(dataSource, 1)}`;
  // Named whole, since a selected text has the same name.
  const { ownership } = controlNames(dataSource);
  const across = `${ownership}.since <= ${positionParameter(dataSource, 2)} AND ${ownership}.upto > ${positionParameter(dataSource, 3)}`;
  const ends = [inOrder.at(-1)!, inOrder[0]!].map(positionText);
  const found: readonly Record<string, string>[] = await runner.query(
    `${selectRows(dataSource, `WHERE ${owned} AND ${across} ORDER BY ${ownership}.since`)}`,
    [shard, group, ...ends],
  );
  return found.map(toRow);
}

async function shareKeys(
  runner: QueryRunner,
  { shard, group }: Pick<OwnershipKey, 'shard' | 'group'>,
  since: readonly Position[],
): Promise<readonly OwnershipRow[]> {
  const { dataSource } = runner;
  const texts = since.map(positionText);
  await passGates(runner, { shard, group }, texts);
  const owned = `shard = ${parameter(dataSource, 0)} AND ${dataSource.driver.escape('group')} = ${parameter(dataSource, 1)}`;
  const keys = texts.map((_, index) => positionParameter(dataSource, index + 2)).join(', ');
  const where = `WHERE ${owned} AND ${controlNames(dataSource).ownership}.since IN (${keys})`;
  const found: readonly Record<string, string>[] = await runner.query(`${selectRows(dataSource, where)}${shareClause(dataSource)}`, [
    shard,
    group,
    ...texts,
  ]);
  return found.map(toRow).sort((a, b) => (a.since < b.since ? -1 : 1));
}

async function passGates(runner: QueryRunner, owner: Pick<OwnershipKey, 'shard' | 'group'>, since: readonly string[]): Promise<void> {
  if (fenceDialect(runner.dataSource) !== 'postgres') return;
  const lock = `SELECT pg_advisory_xact_lock_shared($1, ${gateNumber('since')}) FROM unnest(CAST($2 AS numeric[])) AS gates (since)`;
  await runner.query(lock, [gateClass(owner), since]);
}

function coveringOf(rows: readonly OwnershipRow[], position: Position): OwnershipRow | undefined {
  const row = rows[firstEndingAbove(rows, position)];
  return row && row.since <= position ? row : undefined;
}
