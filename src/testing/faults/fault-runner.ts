import { QueryFailedError, type QueryRunner } from 'typeorm';
import { breaksConnection, driverError } from './driver-fault';
import type { ShardState } from './shard-state';

/*
 * A query runner of a test cluster's shard is in one of these states:
 *
 *   idle      no transaction is open
 *   open      a transaction is open; its depth counts savepoints
 *   broken    the connection was lost: the database has ended the transaction, and every further statement fails
 *
 * Statements that TypeORM's runner sends while it begins, ends or releases a transaction were admitted before, and pass.
 */

/** What a runner tells of its statements. */
export type Sent = (sql: string) => void;

/** Lets the faults of a shard strike the statements of a query runner, and tells what was sent. */
export class FaultRunner {
  readonly #inner: Pick<QueryRunner, 'query' | 'startTransaction' | 'commitTransaction' | 'rollbackTransaction'>;
  #cancel = new AbortController();
  #broken: Error | undefined;
  #depth = 0;
  #admitted = 0;

  constructor(
    readonly runner: QueryRunner,
    readonly state: ShardState,
    readonly sent: Sent,
  ) {
    const { query, startTransaction, commitTransaction, rollbackTransaction, connect, release } = runner;
    this.#inner = { query, startTransaction, commitTransaction, rollbackTransaction };
    Object.assign(runner, {
      query: (...args: Parameters<QueryRunner['query']>) => this.#query(args),
      startTransaction: (...args: Parameters<QueryRunner['startTransaction']>) => this.#start(args),
      commitTransaction: () => this.#commit(),
      rollbackTransaction: () => this.#rollback(),
      connect: async () => this.#connect(await connect.call(runner)),
      release: () => this.#pass(() => release.call(runner)),
    });
  }

  /** Ends the wait of the statement that is on its way to a slow shard; the database does not get it. */
  cancel(): void {
    this.#cancel.abort();
    this.#cancel = new AbortController();
  }

  async #query(args: Parameters<QueryRunner['query']>): Promise<unknown> {
    if (this.#admitted === 0) await this.#admit(args[0], args[1]);
    return this.#inner.query.apply(this.runner, args);
  }

  async #start(args: Parameters<QueryRunner['startTransaction']>): Promise<void> {
    await this.#admit(this.#depth === 0 ? 'BEGIN TRANSACTION' : `SAVEPOINT typeorm_${this.#depth}`);
    await this.#pass(() => this.#inner.startTransaction.apply(this.runner, args));
    this.#depth += 1;
  }

  async #commit(): Promise<void> {
    const isOutermost = this.#depth <= 1;
    await this.#admit(isOutermost ? 'COMMIT' : `RELEASE SAVEPOINT typeorm_${this.#depth - 1}`);
    const lost = isOutermost && this.runner.isTransactionActive ? this.state.takeLostCommit() : undefined;
    if (lost?.applied === false) await this.#break(driverError('PROTOCOL_CONNECTION_LOST'));
    else await this.#pass(() => this.#inner.commitTransaction.call(this.runner));
    this.#depth -= 1;
    if (!lost) return;
    this.#broken ??= driverError('PROTOCOL_CONNECTION_LOST');
    throw new QueryFailedError('COMMIT', [], this.#broken);
  }

  async #rollback(): Promise<void> {
    if (this.state.down && this.runner.isTransactionActive) await this.#break(this.#downError());
    if (this.#broken) throw new QueryFailedError('ROLLBACK', [], this.#broken);
    this.sent('ROLLBACK');
    await this.#pass(() => this.#inner.rollbackTransaction.call(this.runner));
    this.#depth -= 1;
  }

  async #connect(connection: unknown): Promise<unknown> {
    if (this.state.down && !this.runner.isTransactionActive) throw this.#downError();
    return connection;
  }

  /** Lets a statement through to the database. @throws what the shard's faults make of it. */
  async #admit(sql: string, parameters: unknown = []): Promise<void> {
    this.sent(sql);
    if (this.#broken) throw failed(sql, parameters, this.#broken);
    await this.#refuseDown(sql, parameters);
    if (!(await this.state.wait(this.#cancel.signal))) throw failed(sql, parameters, driverError('ER_QUERY_INTERRUPTED'));
    await this.#refuseDown(sql, parameters);
    const error = this.state.takeFailure(sql);
    if (!error) return;
    if (breaksConnection(error)) await this.#break(error);
    throw failed(sql, parameters, error);
  }

  async #refuseDown(sql: string, parameters: unknown): Promise<void> {
    if (!this.state.down) return;
    const error = this.#downError();
    // Drivers throw as it is what keeps them from connecting.
    if (!this.runner.isTransactionActive) throw error;
    await this.#break(error);
    throw failed(sql, parameters, error);
  }

  #downError(): Error {
    const code = this.runner.isTransactionActive ? 'PROTOCOL_CONNECTION_LOST' : 'ECONNREFUSED';
    return driverError(this.state.down?.error ?? code);
  }

  /** A database rolls back what a lost connection leaves open. */
  async #break(error: Error): Promise<void> {
    this.#broken = error;
    while (this.runner.isTransactionActive) await this.#pass(() => this.#inner.rollbackTransaction.call(this.runner));
  }

  async #pass<T>(work: () => Promise<T>): Promise<T> {
    this.#admitted += 1;
    try {
      return await work();
    } finally {
      this.#admitted -= 1;
    }
  }
}

function failed(sql: string, parameters: unknown, error: Error): QueryFailedError {
  return new QueryFailedError(sql, parameters as unknown[], error);
}
