import type { DataSource, QueryRunner } from 'typeorm';
import type { Position } from '../routing';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { gateClass, gateNumber } from './gate';
import { type OwnershipKey, type OwnershipRow, positionText } from './ownership-row';
import { keysCondition, keysParameters, parameter, positionParameter, rowsByKey, selectRows, toRow } from './ownership-sql';

/**
 * Reads rows of one shard and group as {@link shareRow} reads one, all with one statement.
 *
 * @returns those that are there, by no order.
 */
export async function shareRows(runner: QueryRunner, keys: readonly OwnershipKey[]): Promise<readonly OwnershipRow[]> {
  if (keys.length === 0) return [];
  const { dataSource } = runner;
  await passGates(runner, keys);
  const select = `${selectRows(dataSource, `WHERE ${keysCondition(dataSource, keys, 0)}`, rowsByKey(dataSource))}${shareClause(dataSource)}`;
  const found: readonly Record<string, string>[] = await runner.query(select, [...keysParameters(keys)]);
  return found.map(toRow);
}

/**
 * Reads one row in share mode, in the caller's transaction: until that ends no mark of the row changes, and what it says is the newest
 * that was committed. On PostgreSQL through the gate, so that a stream of readers does not keep marks away; above READ COMMITTED it
 * fails with 40001 when the row changed since the transaction's snapshot, as it must.
 *
 * For a mover's check of its token, and for whoever must believe "0 rows". On SQLite a transaction that only reads locks nothing: write
 * first, or begin it as one that writes.
 *
 * @returns undefined when there is no such row.
 */
export async function shareRow(runner: QueryRunner, key: OwnershipKey): Promise<OwnershipRow | undefined> {
  const [row] = await shareRows(runner, [key]);
  return row;
}

/** Reads the row that covers a position as {@link shareRow} does; undefined when none does. */
export async function shareCovering(
  runner: QueryRunner,
  owner: Pick<OwnershipKey, 'shard' | 'group'>,
  position: Position,
): Promise<OwnershipRow | undefined> {
  const { dataSource } = runner;
  const group = dataSource.driver.escape('group');
  const where = `WHERE shard = ${parameter(dataSource, 0)} AND ${group} = ${parameter(dataSource, 1)} AND since <= ${positionParameter(dataSource, 2)}`;
  // Named whole, since the selected text of the same name would be ordered as text.
  const select = selectRows(dataSource, `${where} ORDER BY ${controlNames(dataSource).ownership}.since DESC LIMIT 1`);
  const [candidate] = await runner.query(select, [owner.shard, owner.group, positionText(position)]);
  // Locked by its key: if it is cut between the two statements it does not cover the position any more.
  const row = candidate && (await shareRow(runner, toRow(candidate)));
  return row && row.since <= position && position < row.upto ? row : undefined;
}

/**
 * Reads the rows of a shard that are not at rest, or have changed since a topology version, in share mode, all of them: until the caller's
 * transaction ends none of them changes. Not through the gates, which are one for each row; so writers that do this all the time could
 * keep marks away on PostgreSQL.
 */
export async function shareMoving(
  runner: QueryRunner,
  { shard, group }: Pick<OwnershipKey, 'shard' | 'group'>,
  version: number,
): Promise<readonly OwnershipRow[]> {
  const { dataSource } = runner;
  const placed = (index: number) => parameter(dataSource, index);
  const owned = `shard = ${placed(0)} AND ${dataSource.driver.escape('group')} = ${placed(1)}`;
  const where = `WHERE ${owned} AND (old_modulus <> new_modulus OR old_residue <> new_residue OR version > ${placed(2)})`;
  const select = `${selectRows(dataSource, where)}${shareClause(dataSource)}`;
  const found: readonly Record<string, string>[] = await runner.query(select, [shard, group, version]);
  return found.map(toRow);
}

/** Takes the one lock for writing that an SQLite database has, which a transaction that begins by reading would not have; nothing elsewhere. */
export async function takeWriteLock(runner: QueryRunner): Promise<void> {
  if (fenceDialect(runner.dataSource) !== 'sqlite') return;
  await runner.query(`UPDATE ${controlNames(runner.dataSource).control} SET mover = mover WHERE id = 1`);
}

/** What makes a select take share locks. */
export function shareClause(source: DataSource): string {
  return { mysql: ' LOCK IN SHARE MODE', postgres: ' FOR SHARE', sqlite: '' }[fenceDialect(source)];
}

async function passGates(runner: QueryRunner, keys: readonly OwnershipKey[]): Promise<void> {
  const [first] = keys;
  if (!first || fenceDialect(runner.dataSource) !== 'postgres') return;
  const lock = `SELECT pg_advisory_xact_lock_shared($1, ${gateNumber('CAST(place AS numeric)')}) FROM unnest($2::text[]) place`;
  await runner.query(lock, [gateClass(first), keys.map(({ since }) => positionText(since))]);
}
