import type { QueryRunner } from 'typeorm';
import { LeaseLostError } from '../errors';
import { controlNames } from './control-tables';
import { type FenceDialect, fenceDialect } from './fence-dialect';
import { MOVER_VARIABLE } from './guard-mysql';
import { MOVER_SETTING } from './guard-postgres';
import type { OwnershipKey } from './ownership-row';
import { shareRow } from './share-row';

/** A mover's right: the rows that it moves, and its token in them. */
export interface MoverLease {
  readonly token: number;
  readonly rows: readonly OwnershipKey[];
}

/**
 * Runs a transaction of a mover on one member. First it reads each of its rows in share mode and compares the token, since statements that
 * match nothing fire no trigger and a disarmed member has none; then the guards know the session as the mover's until the transaction ends.
 *
 * The runner must be one of the mover's own, never the pool's: on MySQL the mark is a variable of the session.
 *
 * @throws {LeaseLostError} when a row has another token, or is not there; whatever `work` throws. Then all was rolled back.
 */
export async function moverTransaction<T>(runner: QueryRunner, lease: MoverLease, work: () => Promise<T>): Promise<T> {
  const session = SESSIONS[fenceDialect(runner.dataSource)];
  await runner.startTransaction();
  try {
    // On SQLite this is also what makes the transaction the only one that writes, before anything is read.
    await session.mark(runner, lease.token);
    for (const key of lease.rows) await checkToken(runner, key, lease.token);
    const value = await work();
    await session.unmark(runner);
    await runner.commitTransaction();
    return value;
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await session.afterRollback(runner);
    throw error;
  }
}

async function checkToken(runner: QueryRunner, key: OwnershipKey, token: number): Promise<void> {
  const row = await shareRow(runner, key);
  if (row?.token !== token) throw new LeaseLostError(key.shard, key.group);
}

interface MoverSession {
  mark(runner: QueryRunner, token: number): Promise<unknown>;
  unmark(runner: QueryRunner): Promise<unknown>;
  /** What a rollback does not take back. */
  afterRollback(runner: QueryRunner): Promise<unknown>;
}

const nothing = async () => undefined;

const SESSIONS: Readonly<Record<FenceDialect, MoverSession>> = {
  mysql: {
    mark: (runner, token) => runner.query(`SET ${MOVER_VARIABLE} = ${Number(token)}`),
    unmark: (runner) => runner.query(`SET ${MOVER_VARIABLE} = NULL`),
    afterRollback: (runner) => runner.query(`SET ${MOVER_VARIABLE} = NULL`),
  },
  postgres: {
    // For this transaction only.
    mark: (runner, token) => runner.query('SELECT set_config($1, $2, true)', [MOVER_SETTING, String(token)]),
    unmark: nothing,
    afterRollback: nothing,
  },
  sqlite: {
    mark: (runner, token) => runner.query(`UPDATE ${controlNames(runner.dataSource).control} SET mover = ? WHERE id = 1`, [token]),
    unmark: (runner) => runner.query(`UPDATE ${controlNames(runner.dataSource).control} SET mover = NULL WHERE id = 1`),
    afterRollback: nothing,
  },
};
