import { DataSource, type QueryResult } from 'typeorm';
import type { ResolvedSqlTopologyOptions } from './sql-topology-options';
import { type StoreFault, storeFault } from './store-fault';
import { type TopologyTables, topologyTables } from './topology-tables';

/** A statement that was not answered as it should, and what is known of it. */
export class StatementFailure extends Error implements StoreFault {
  readonly isRefused: boolean;
  readonly isDuplicate: boolean;
  readonly isTransient: boolean;

  constructor(fault: StoreFault, options: ErrorOptions) {
    super(options.cause instanceof Error ? options.cause.message : String(options.cause), options);
    this.isRefused = fault.isRefused;
    this.isDuplicate = fault.isDuplicate;
    this.isTransient = fault.isTransient;
  }
}

/** The database of a SQL topology: opened when it is first needed, and again after it was closed. */
export class StoreConnection {
  readonly #options: ResolvedSqlTopologyOptions;
  readonly #isEmbedded: boolean;
  #opening: Promise<{ readonly source: DataSource; readonly tables: TopologyTables }> | undefined;

  constructor(options: ResolvedSqlTopologyOptions) {
    this.#options = options;
    this.#isEmbedded = ['better-sqlite3', 'sqljs'].includes(options.connection.type);
  }

  /**
   * Runs one statement by itself.
   *
   * @throws {StatementFailure} after `timeoutMs` at the latest. A statement that was never sent counts as refused.
   */
  async run(statement: (tables: TopologyTables) => string, parameters: readonly unknown[]): Promise<QueryResult> {
    const attempt = { isSent: false, isOver: false };
    try {
      return await within(this.#options.timeoutMs, this.#attempt(attempt, statement, parameters));
    } catch (error) {
      const fault = storeFault(error, this.#isEmbedded);
      throw new StatementFailure(attempt.isSent ? fault : { ...fault, isRefused: true }, { cause: error });
    } finally {
      attempt.isOver = true;
    }
  }

  /** Closes what is open; a later statement opens it again. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // Whoever opened it was told of a failure; then there is nothing to close.
    const opened = await opening?.catch(() => undefined);
    await opened?.source.destroy();
  }

  async #attempt(
    attempt: { isSent: boolean; readonly isOver: boolean },
    statement: (tables: TopologyTables) => string,
    parameters: readonly unknown[],
  ): Promise<QueryResult> {
    const { source, tables } = await this.#open();
    const runner = source.createQueryRunner('master');
    try {
      await runner.connect();
      if (attempt.isOver) throw new Error('The time for the statement was over before it could be sent.');
      attempt.isSent = true;
      return (await runner.query(statement(tables), [...parameters], true)) as QueryResult;
    } finally {
      // Also what writes an embedded database to its file.
      await runner.release();
    }
  }

  #open() {
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #connect() {
    const source = await new DataSource(this.#options.connection).initialize();
    try {
      const tables = topologyTables(source, this.#options.table);
      await ensureTables(source, tables);
      return { source, tables };
    } catch (error) {
      await source.destroy();
      throw error;
    }
  }
}

/** Creates the tables only where reading them fails, so that later starts need no right to create tables. */
async function ensureTables(source: DataSource, { probes, creates }: TopologyTables): Promise<void> {
  for (const [index, probe] of probes.entries()) {
    const read = () => source.query(probe);
    await read().catch(async (unread: unknown) => {
      try {
        await source.query(creates[index] as string);
      } catch (error) {
        // When others create it at the same time PostgreSQL may fail in spite of IF NOT EXISTS; then the table is there.
        await read().catch(() => Promise.reject(new AggregateError([error, unread], (error as Error).message)));
      }
    });
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
