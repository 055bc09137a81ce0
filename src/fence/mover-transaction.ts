import type { QueryRunner } from 'typeorm';
import { undo } from '../cluster';
import { LeaseLostError } from '../errors';
import { controlNames } from './control-tables';
import { type FenceDialect, fenceDialect } from './fence-dialect';
import { setMover } from './guard-mysql';
import { MOVER_SETTING } from './guard-postgres';
import type { OwnershipKey } from './ownership-row';
import { shareRows } from './share-row';

/** A mover's right: the rows that it moves, and its token in them. */
export interface MoverLease {
  readonly token: number;
  /** Of one shard and group. */
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
    await checkTokens(runner, lease);
    const value = await work();
    await session.unmark(runner);
    await runner.commitTransaction();
    return value;
  } catch (error) {
    await undo(runner);
    // Of a broken connection there is no session left to unmark.
    await session.afterRollback(runner).catch(() => undefined);
    throw error;
  }
}

async function checkTokens(runner: QueryRunner, { token, rows }: MoverLease): Promise<void> {
  const found = new Set((await shareRows(runner, rows)).filter((row) => row.token === token).map(({ since }) => since));
  const lost = rows.find(({ since }) => !found.has(since));
  if (lost) throw new LeaseLostError(lost.shard, lost.group);
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
    mark: (runner, token) => runner.query(setMover(token)),
    unmark: (runner) => runner.query(setMover(undefined)),
    // Work that was ended in the midst of it may have put the checks off.
    afterRollback: (runner) => runner.query(`${setMover(undefined)}, foreign_key_checks = 1`),
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
