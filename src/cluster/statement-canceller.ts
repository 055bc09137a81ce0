import type { DataSource } from 'typeorm';

/**
 * How long a server may take to end a cancelled statement, in milliseconds. A connection that takes longer is closed, so that a
 * server that hangs cannot keep connections of the pool.
 */
export const CANCEL_GRACE_MS = 2_000;

/** Ends statements of other connections; the drivers of servers that shards are made with can. */
export interface StatementCanceller {
  /**
   * Asks the server of a connection to end the statement that runs on it, over a connection that is made for it and closed after:
   * the pool's own may all be busy with what is to be ended.
   */
  cancelStatement(connection: unknown): Promise<void>;
  /** Runs a statement that does nothing, so that a cancellation that came late hits this and not the next user's. */
  absorbCancel(connection: unknown): Promise<void>;
  /** Closes a connection without waiting for its server; its pool makes another one when it is released. */
  closeConnection(connection: unknown): void;
}

/** What can cancel the statements of a shard's data source; undefined for embedded databases, whose statements nothing can interrupt. */
export function cancellerOf(source: DataSource): StatementCanceller | undefined {
  const { driver } = source.options as { readonly driver?: Partial<StatementCanceller> };
  return driver?.cancelStatement ? (driver as StatementCanceller) : undefined;
}
