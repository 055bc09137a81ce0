import type { QueryRunner } from 'typeorm';

/** Gives a runner's connection back; given back inside a transaction it would hand that transaction to its next user. */
export async function giveBack(runner: QueryRunner): Promise<void> {
  try {
    await undo(runner);
  } finally {
    await runner.release();
  }
}

/**
 * Rolls a transaction back whose work has failed, if it is open still: a commit that failed leaves TypeORM's runner active. It does not
 * throw, since what failed before says more: when even this fails the connection is broken, its server has rolled back, and the pool drops
 * it.
 */
export async function undo(runner: QueryRunner): Promise<void> {
  if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
}
