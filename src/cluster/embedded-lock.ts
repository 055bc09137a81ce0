import { AsyncLocalStorage } from 'node:async_hooks';
import { Mutex, type MutexInterface, withTimeout } from 'async-mutex';
import type { QueryRunner } from 'typeorm';
import { DatabaseBusyError } from '../errors';

/** How long a statement waits for another transaction of this process on the same embedded database. */
const BUSY_TIMEOUT_MS = 60_000;

/**
 * Serialises what runs on one embedded database handle.
 *
 * SQLite has one connection, and so one transaction, for each handle. Without a lock, statements of other callers join whatever
 * transaction happens to be open and are rolled back with it, and two transactions at once break each other.
 * Each statement asks the runner for its connection when it has the lock, so that whoever adapts a runner is asked last.
 * The lock is held for one statement, or from the outermost begin of a transaction to its end.
 */
export class EmbeddedLock {
  readonly #mutex = new Mutex();
  readonly #queue: MutexInterface = withTimeout(this.#mutex, BUSY_TIMEOUT_MS, new DatabaseBusyError(BUSY_TIMEOUT_MS));

  /** Says that the surrounding {@link runTransaction} holds this lock from now on, so that it is recognised when it waits for itself. */
  markHeld(): void {
    held.getStore()?.add(this);
  }

  /** Whether the caller runs inside the transaction that holds the lock, but outside its query runner. */
  get isInside(): boolean {
    return held.getStore()?.has(this) === true;
  }

  /** @throws {DatabaseBusyError} after a minute. */
  acquire(): Promise<MutexInterface.Releaser> {
    // Only who has to wait needs a timer.
    return this.#mutex.isLocked() ? this.#queue.acquire() : this.#mutex.acquire();
  }
}

const held = new AsyncLocalStorage<Set<EmbeddedLock>>();

/** Runs a transaction's work, keeping account of the locks that it holds; one begun inside another one holds that one's too. */
export function runTransaction<T>(work: () => Promise<T>): Promise<T> {
  return held.run(new Set(held.getStore()), work);
}

/** Makes a fresh query runner of an embedded driver take the lock as described on {@link EmbeddedLock}. */
export function lockRunner(runner: QueryRunner, lock: EmbeddedLock): QueryRunner {
  const { query, startTransaction, commitTransaction, rollbackTransaction, release } = runner;
  let releaser: MutexInterface.Releaser | undefined;
  const free = () => {
    releaser?.();
    releaser = undefined;
  };
  const rollback = () => rollbackTransaction.call(runner).catch((error: unknown) => acceptEnded(runner, error));
  const freeAfter = async (end: () => Promise<void>) => {
    await end().finally(() => (runner.isTransactionActive ? undefined : free()));
  };
  // As runners of servers do for each statement; TypeORM's embedded ones do not, or not for statements that are prepared already.
  const send = async (args: Parameters<QueryRunner['query']>): Promise<unknown> => {
    await runner.connect();
    return query.apply(runner, args);
  };
  return Object.assign(runner, {
    query: (...args: Parameters<QueryRunner['query']>) => {
      if (releaser) return send(args);
      if (lock.isInside) return isRead(args[0]) ? send(args) : Promise.reject(new DatabaseBusyError(0));
      return lock.acquire().then((done) => send(args).finally(done));
    },
    startTransaction: async (...args: Parameters<QueryRunner['startTransaction']>) => {
      if (!releaser && lock.isInside) throw new DatabaseBusyError(0);
      releaser ??= await lock.acquire();
      await freeAfterFailure(() => startTransaction.apply(runner, args), runner, free);
    },
    commitTransaction: () => freeAfter(() => commitTransaction.call(runner)),
    rollbackTransaction: () => freeAfter(rollback),
    release: async () => {
      if (releaser) await rollbackOpen(runner, rollback).finally(free);
      // sql.js saves its file when a runner that wrote is released, and closes and opens the database to do so.
      const done = savesOnRelease(runner) ? await lock.acquire() : undefined;
      await release.call(runner).finally(done);
    },
  });
}

async function freeAfterFailure(start: () => Promise<void>, runner: QueryRunner, free: () => void): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!runner.isTransactionActive) free();
    throw error;
  }
}

/** SQLite itself has rolled back when its disk was full, for example; TypeORM's runner does not know. @throws every other error. */
function acceptEnded(runner: QueryRunner, error: unknown): void {
  if (!/no transaction is active|no such savepoint/.test(String(error))) throw error;
  Object.assign(runner, { isTransactionActive: false, transactionDepth: 0 });
}

/** A runner released inside a transaction would hand its open transaction to the next user of the handle. */
async function rollbackOpen(runner: QueryRunner, rollback: () => Promise<void>): Promise<void> {
  while (runner.isTransactionActive) await rollback();
}

function savesOnRelease(runner: QueryRunner & { readonly isDirty?: boolean }): boolean {
  return runner.isDirty === true && 'autoSave' in runner.dataSource.options && runner.dataSource.options.autoSave === true;
}

function isRead(sql: string): boolean {
  return /^\s*(select|pragma|explain)\b/i.test(sql);
}
