import { ShardingError } from './sharding-error';

/** An embedded database was held by another transaction of this process for too long, or by the very transaction that waits for it. */
export class DatabaseBusyError extends ShardingError {
  override readonly code = 'ERR_DATABASE_BUSY';
  override readonly retryable = true;

  constructor(
    /** How long the statement waited, in milliseconds. */
    readonly waitedMs: number,
    options?: ErrorOptions,
  ) {
    super(
      `An embedded database was held by a transaction for ${waitedMs} ms. ` +
        'Inside a transaction use the manager that it was given, and end transactions soon.',
      options,
    );
  }
}
