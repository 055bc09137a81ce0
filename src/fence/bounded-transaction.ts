import type { QueryRunner } from 'typeorm';
import { cancellerOf, type ShardDataSource, undo } from '../cluster';
import { databaseFault } from './database-fault';
import { fenceDialect } from './fence-dialect';
import { isMariadb } from './server-flavour';

/** How long a step waits for others before it gives up, in milliseconds. On MariaDB a wait of 0 would not succeed under load. */
export const STEP_WAIT_MS = 100;

/** Runs one statement within the time that the transaction has left for waits. */
export type BoundedRun = (sql: string, parameters?: readonly unknown[]) => Promise<readonly Readonly<Record<string, string>>[]>;

/** What a bounded transaction came to; when others were in the way nothing was changed. */
export type Bounded<T> = { readonly isBlocked: false; readonly value: T } | { readonly isBlocked: true; readonly cause: unknown };

/**
 * Runs a transaction whose statements together wait no longer than `waitMs`, and rolls it back when they would.
 *
 * MariaDB bounds a statement by `max_statement_time`, PostgreSQL by `statement_timeout`; MySQL can bound only reads, so the statement is
 * ended from a second connection; SQLite's busy timeout blocks the process, and is put back to what it was. The connection is given back
 * as it was.
 *
 * @throws TypeError when the runner is in a transaction; what is not about waiting, as it was thrown.
 */
export async function boundedTransaction<T>(
  source: ShardDataSource,
  runner: QueryRunner,
  work: (run: BoundedRun) => Promise<T>,
  waitMs = STEP_WAIT_MS,
): Promise<Bounded<T>> {
  if (runner.isTransactionActive) throw new TypeError('A bounded step needs a connection that is in no transaction.');
  try {
    return { isBlocked: false, value: await RUNNERS[fenceDialect(source)]({ source, runner, waitMs }, work) };
  } catch (error) {
    await undo(runner);
    if (databaseFault(error) === 'blocked') return { isBlocked: true, cause: error };
    throw error;
  }
}

interface Place {
  readonly source: ShardDataSource;
  readonly runner: QueryRunner;
  readonly waitMs: number;
}

type TransactionRunner = <T>(place: Place, work: (run: BoundedRun) => Promise<T>) => Promise<T>;

const RUNNERS: Readonly<Record<'mysql' | 'postgres' | 'sqlite', TransactionRunner>> = {
  mysql: onMysql,
  postgres: onPostgres,
  sqlite: onSqlite,
};

async function onMysql<T>({ source, runner, waitMs }: Place, work: (run: BoundedRun) => Promise<T>): Promise<T> {
  const left = remaining(waitMs);
  const isMaria = await isMariadb(source, runner);
  await runner.startTransaction();
  const value = await work((sql, parameters = []) => {
    if (isMaria) return runner.query(`SET STATEMENT max_statement_time = ${left() / 1000} FOR ${sql}`, [...parameters]);
    return cancelled(source, runner, left(), () => runner.query(sql, [...parameters]));
  });
  await runner.commitTransaction();
  return value;
}

async function onPostgres<T>({ runner, waitMs }: Place, work: (run: BoundedRun) => Promise<T>): Promise<T> {
  const left = remaining(waitMs);
  // Above READ COMMITTED a mark could fail for having been changed since the transaction began, without having waited.
  await runner.startTransaction('READ COMMITTED');
  const value = await work(async (sql, parameters = []) => {
    await runner.query(`SELECT set_config('statement_timeout', $1, true)`, [String(left())]);
    return runner.query(sql, [...parameters]);
  });
  await runner.commitTransaction();
  return value;
}

async function onSqlite<T>({ runner, waitMs }: Place, work: (run: BoundedRun) => Promise<T>): Promise<T> {
  await runner.startTransaction();
  const [before] = (await runner.query('PRAGMA busy_timeout')) as readonly { readonly timeout: number }[];
  await runner.query(`PRAGMA busy_timeout = ${waitMs}`);
  try {
    const value = await work((sql, parameters = []) => runner.query(sql, [...parameters]));
    await runner.commitTransaction();
    return value;
  } finally {
    // In a transaction that failed this is still allowed, and nobody else can have the handle meanwhile.
    await runner.query(`PRAGMA busy_timeout = ${before?.timeout ?? 0}`);
  }
}

/** Counts down from when it is first asked; at least a millisecond, since 0 means no bound at all. */
function remaining(waitMs: number): () => number {
  let end: number | undefined;
  return () => {
    end ??= performance.now() + waitMs;
    return Math.max(1, Math.ceil(end - performance.now()));
  };
}

/**
 * Lets a statement run no longer than `waitMs`, by ending it from another connection. A cancellation that comes late hits a statement of
 * no use before the connection is used again.
 */
export async function cancelled<T>(source: ShardDataSource, runner: QueryRunner, waitMs: number, statement: () => Promise<T>): Promise<T> {
  const canceller = cancellerOf(source);
  const connection: unknown = await runner.connect();
  let asked: Promise<void> | undefined;
  const timer = setTimeout(() => {
    asked = canceller?.cancelStatement(connection);
    // Whether it was heard is seen by the statement.
    asked?.catch(() => undefined);
  }, waitMs);
  try {
    return await statement();
  } finally {
    clearTimeout(timer);
    if (asked) {
      await asked.catch(() => undefined);
      await canceller?.absorbCancel(connection).catch(() => undefined);
    }
  }
}
