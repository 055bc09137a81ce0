import type { QueryRunner } from 'typeorm';

/** MySQL and MariaDB roll the whole transaction back when they choose it to end a deadlock. */
const DEADLOCK = 1213;

/**
 * Sends the statements of a transaction one after another, and none after the database has ended the transaction to end a deadlock.
 *
 * TypeORM sends several at once; those that wait in the driver would each be committed by itself, although the call fails as a whole.
 * The driver sends one at a time anyway, so that nothing is lost by waiting here.
 */
export function orderStatements(runner: QueryRunner): QueryRunner {
  const { query } = runner;
  let last: Promise<unknown> = Promise.resolve();
  let ended: unknown;
  const send = async (args: Parameters<QueryRunner['query']>): Promise<unknown> => {
    if (ended !== undefined && !isEnd(args[0])) throw ended;
    try {
      return await query.apply(runner, args);
    } catch (error) {
      if ((error as { readonly errno?: unknown }).errno === DEADLOCK) ended = error;
      throw error;
    } finally {
      if (isEnd(args[0])) ended = undefined;
    }
  };
  runner.query = ((...args: Parameters<QueryRunner['query']>) => {
    if (!runner.isTransactionActive) return query.apply(runner, args);
    const sent = last.then(() => send(args));
    last = sent.catch(() => undefined);
    return sent;
  }) as QueryRunner['query'];
  return runner;
}

/** A commit would find nothing to commit, and must fail: what it was to commit is gone. */
function isEnd(sql: string): boolean {
  return /^\s*rollback\s*;?\s*$/i.test(sql);
}
