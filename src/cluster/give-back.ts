import type { QueryRunner } from 'typeorm';

/** Gives a runner's connection back; given back inside a transaction it would hand that transaction to its next user. */
export async function giveBack(runner: QueryRunner): Promise<void> {
  try {
    // A commit that failed leaves TypeORM's runner active; when even this fails the connection is broken, and the pool drops it.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
  } finally {
    await runner.release();
  }
}
