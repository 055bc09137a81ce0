import type { DataSource, QueryRunner } from 'typeorm';
import type { Position } from '../routing';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { gateClass, gateNumber } from './gate';
import { type OwnershipKey, type OwnershipRow, positionText } from './ownership-row';
import { keyCondition, keyParameters, parameter, positionParameter, selectRows, toRow } from './ownership-sql';

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
  const { dataSource } = runner;
  await passGate(runner, key);
  const select = `${selectRows(dataSource, `WHERE ${keyCondition(dataSource, 0)}`)}${shareClause(dataSource)}`;
  const [found] = await runner.query(select, [...keyParameters(key)]);
  return found && toRow(found);
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
 * Reads the rows of a shard that are not at rest in share mode, all of them: until the caller's transaction ends none of them changes.
 * Not through the gates, which are one for each row; so writers that do this all the time could keep marks away on PostgreSQL.
 */
export async function shareMoving(runner: QueryRunner, owner: Pick<OwnershipKey, 'shard' | 'group'>): Promise<readonly OwnershipRow[]> {
  const { dataSource } = runner;
  const group = dataSource.driver.escape('group');
  const where = `WHERE shard = ${parameter(dataSource, 0)} AND ${group} = ${parameter(dataSource, 1)} AND (old_modulus <> new_modulus OR old_residue <> new_residue)`;
  const found: readonly Record<string, string>[] = await runner.query(`${selectRows(dataSource, where)}${shareClause(dataSource)}`, [
    owner.shard,
    owner.group,
  ]);
  return found.map(toRow);
}

/** Takes the one lock for writing that an SQLite database has, which a transaction that begins by reading would not have; nothing elsewhere. */
export async function takeWriteLock(runner: QueryRunner): Promise<void> {
  if (fenceDialect(runner.dataSource) !== 'sqlite') return;
  await runner.query(`UPDATE ${controlNames(runner.dataSource).control} SET mover = mover WHERE id = 1`);
}

function shareClause(source: DataSource): string {
  return { mysql: ' LOCK IN SHARE MODE', postgres: ' FOR SHARE', sqlite: '' }[fenceDialect(source)];
}

async function passGate(runner: QueryRunner, key: OwnershipKey): Promise<void> {
  if (fenceDialect(runner.dataSource) !== 'postgres') return;
  const lock = `SELECT pg_advisory_xact_lock_shared($1, ${gateNumber('CAST($2 AS numeric)')})`;
  await runner.query(lock, [gateClass(key), positionText(key.since)]);
}
